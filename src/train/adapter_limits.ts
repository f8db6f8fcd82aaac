/** What an adapter cannot run, however much memory it has, and what it computes wrongly without saying so. */
import { gpuError, MAX_GROUPS, MAX_SOFTWARE_TURNS } from "../gpu/mod.ts";
import { type AdapterShape, type EngineShape, passWindows } from "./engine_memory.ts";
import { trainError } from "./errors.ts";

/**
 * A software adapter ends long loops silently (MAX_SOFTWARE_TURNS): refuse, not compute nonsense. The longest are those over a
 * pass's rows (gradients of biases and gains) and over the queries that a key serves (attention). On any adapter, attention
 * has a row of workgroups for each head of each window.
 * @throws `train/adapter-too-weak`, `gpu/too-large`
 */
export function assertAdapterBears(
  shape: EngineShape,
  { isSoftware }: Pick<AdapterShape, "isSoftware">,
): void {
  const { headCount, keyValueHeadCount, contextLength } = shape.config;
  const windows = passWindows(shape);
  const rows = windows * contextLength;
  const queries = headCount / keyValueHeadCount * contextLength;
  if (isSoftware && Math.max(rows, queries) >= MAX_SOFTWARE_TURNS) {
    throw trainError(
      "train/adapter-too-weak",
      `train on a software adapter: ${rows} tokens a pass and ${queries} queries a key, fewer than ` +
        `${MAX_SOFTWARE_TURNS} of each are required, use a GPU or more micro-batches`,
      { rows, queries, required: MAX_SOFTWARE_TURNS },
    );
  }
  const groups = windows * headCount;
  if (groups <= MAX_GROUPS) return;
  throw gpuError(
    "gpu/too-large",
    `train ${windows} windows of ${headCount} heads a pass: ${groups} rows of workgroups, at most ${MAX_GROUPS} are ` +
      "possible, use more micro-batches",
    { label: "attention", groups, limitGroups: MAX_GROUPS },
  );
}
