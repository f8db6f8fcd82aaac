/** A node from start to end, whichever its role. The only catch-all of a node's life is here. */
import type { NodeDependencies } from "./open_node.ts";
import { openNode } from "./open_node.ts";
import { runMiner } from "./miner.ts";
import type { NodeOptions } from "./node_options.ts";
import { runValidator } from "./validator.ts";

/** Resolves when the node has left in good order: told to by the signal, or after the rounds it was asked for. */
export async function runNode(options: NodeOptions, deps: NodeDependencies): Promise<void> {
  await using resources = new AsyncDisposableStack();
  try {
    const node = await openNode(options, deps, resources);
    await (options.role === "miner" ? runMiner(node) : runValidator(node));
  } catch (error) {
    // What was under way when the user said stop ends in whatever way it can.
    if (!deps.signal.aborted) throw error;
  }
  deps.log.emit({ event: "stopped", role: options.role });
}
