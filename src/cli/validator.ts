/** `skein validator`. */
import { nodeCommand } from "./node_flags.ts";

export const validatorCommand = (finish: (code: number) => void) =>
  nodeCommand("validator", "replay miners' work, score it, and write weights to the chain", finish);
