/** `skein miner`. */
import { nodeCommand } from "./node_flags.ts";

export const minerCommand = (finish: (code: number) => void) =>
  nodeCommand("miner", "train, and exchange pseudo-gradients with the other miners", finish);
