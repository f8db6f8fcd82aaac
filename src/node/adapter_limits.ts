/** What an adapter computes wrongly without saying so. */
import { SkeinError } from "../base/errors.ts";
import { type Gpu, MAX_SOFTWARE_TURNS } from "../gpu/mod.ts";
import type { Run } from "./run_config.ts";

/**
 * A software adapter ends long loops silently (MAX_SOFTWARE_TURNS): refuse, not compute nonsense. The longest are those over a
 * pass's rows (gradients of biases and gains) and over the queries that a key serves (attention).
 * @throws {SkeinError} `node/adapter-too-weak`
 */
export function assertAdapterBears(
  { backendKind, adapterName }: Pick<Gpu, "backendKind" | "adapterName">,
  { model, training, preset }: Run["config"],
  microBatches: number,
): void {
  if (backendKind !== "software") return;
  const rows = training.batchSize / microBatches * model.contextLength;
  const queries = model.headCount / model.keyValueHeadCount * model.contextLength;
  const turns = Math.max(rows, queries);
  if (turns < MAX_SOFTWARE_TURNS) return;
  throw new SkeinError(
    "node/adapter-too-weak",
    `train preset ${preset} on ${adapterName}: ${rows} tokens a pass and ${queries} queries a key, fewer than ` +
      `${MAX_SOFTWARE_TURNS} of each are required on a software adapter, use a GPU or more micro-batches`,
    { preset, adapter: adapterName, rows, queries },
  );
}
