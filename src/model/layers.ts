/**
 * Operations of layers as dispatches appended to a plan: which kernel, which constants, which buffers, what grid. Shapes
 * are written as in the kernels: N rows (B·T tokens), C columns.
 */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";
import type { FollowingGelu } from "./gelu.ts";
import type { Shard } from "./parameter_store.ts";
import { shardedNT, shardedTN } from "./sharded_matmul.ts";

/** 16 neighbouring columns make reads of 32 or 64 bytes; 256 invocations are what every adapter allows. */
const GPU_COLUMN_GROUP = 256;
const GPU_STRIPES = 16;

/**
 * Gradients of y = x·w + bias: dx (into its own buffer), and dw and dbias, added to when `accumulate`. x [N, inC], dy [N, outC],
 * w and dw [inC, outC] in shards. Where x = gelu(…), dx goes on through its gradient.
 */
export function linearBackward(
  plan: DispatchPlan,
  { rows, inWidth, outWidth }: { rows: number; inWidth: number; outWidth: number },
  { x, w, dy }: { x: Binding; w: readonly Shard[]; dy: Binding },
  { dx, dw, dbias, accumulate }: {
    dx: Binding;
    dw: readonly Shard[];
    dbias: Binding;
    accumulate: boolean;
  },
  gelu?: FollowingGelu,
): void {
  shardedNT(plan, { rows, columns: inWidth, inner: outWidth }, dy, w, dx, { gelu });
  shardedTN(plan, { rows: inWidth, columns: outWidth, inner: rows }, x, dy, dw, { accumulate });
  addColumnSums(plan, "bias_backward", { rows, width: outWidth, accumulate }, [dy, dbias]);
}

/** Invocations that share a row: see kernels/shared/row_lanes.wgsl. On a GPU 32, what one of its instructions spans. */
export function rowLanes({ adapter, workgroupSize }: DispatchPlan): number {
  return adapter.backendKind === "software" ? 1 : Math.min(32, workgroupSize);
}

/** One of the kernels that sum over rows: see kernels/shared/column_stripes.wgsl. */
export function addColumnSums(
  plan: DispatchPlan,
  kernel: "bias_backward" | "layernorm_parameters_backward" | "rmsnorm_gain_backward",
  { rows, width, accumulate }: { rows: number; width: number; accumulate: boolean },
  bindings: readonly Binding[],
): void {
  const constants = { ROWS: rows, WIDTH: width, ACCUMULATE: accumulate ? 1 : 0 };
  if (plan.adapter.backendKind === "software") {
    plan.add(kernel, constants, bindings, width);
  } else {
    const columns = GPU_COLUMN_GROUP / GPU_STRIPES;
    const group = { WORKGROUP: GPU_COLUMN_GROUP, STRIPES: GPU_STRIPES };
    plan.add(kernel, { ...constants, ...group }, bindings, [Math.ceil(width / columns), 1]);
  }
}

export interface NormShape {
  readonly rows: number;
  readonly width: number;
  readonly epsilon: number;
}

export interface NormBindings {
  readonly x: Binding;
  readonly gain: Binding;
  readonly bias: Binding;
  readonly y: Binding;
  /** [N, 2] */
  readonly statistics: Binding;
}

export function layernormForward(
  plan: DispatchPlan,
  { rows, width, epsilon }: NormShape,
  at: NormBindings,
): void {
  const lanes = rowLanes(plan);
  plan.add(
    "layernorm_forward",
    { ROWS: rows, WIDTH: width, EPSILON: epsilon, LANES: lanes },
    [at.x, at.gain, at.bias, at.y, at.statistics],
    rows * lanes,
  );
}

/** sum = x + branch, all [N, C], and its norm as `layernormForward`, whose x is the sum. */
export function residualLayernormForward(
  plan: DispatchPlan,
  { rows, width, epsilon }: NormShape,
  { x, branch }: { x: Binding; branch: Binding },
  at: NormBindings,
): void {
  const lanes = rowLanes(plan);
  plan.add(
    "residual_layernorm_forward",
    { ROWS: rows, WIDTH: width, EPSILON: epsilon, LANES: lanes },
    [x, branch, at.gain, at.bias, at.x, at.y, at.statistics],
    rows * lanes,
  );
}

/** Adds to dx when `addsToStream`, and to dgain and dbias when `accumulate`, else overwrites them. */
export function layernormBackward(
  plan: DispatchPlan,
  { rows, width, addsToStream }: { rows: number; width: number; addsToStream: boolean },
  { x, gain, statistics, dy }: { x: Binding; gain: Binding; statistics: Binding; dy: Binding },
  { dx, dgain, dbias, accumulate }: {
    dx: Binding;
    dgain: Binding;
    dbias: Binding;
    accumulate: boolean;
  },
): void {
  const lanes = rowLanes(plan);
  plan.add(
    "layernorm_backward",
    { ROWS: rows, WIDTH: width, ACCUMULATE: addsToStream ? 1 : 0, LANES: lanes },
    [dy, x, gain, statistics, dx],
    rows * lanes,
  );
  const bindings = [dy, x, statistics, dgain, dbias];
  addColumnSums(plan, "layernorm_parameters_backward", { rows, width, accumulate }, bindings);
}

/** y = x + branch, all [count]. */
export function residualForward(
  plan: DispatchPlan,
  count: number,
  x: Binding,
  branch: Binding,
  y: Binding,
): void {
  plan.add("residual_forward", { COUNT: count }, [x, branch, y], count);
}

/** x [N, C] = wte[tokens] + wpe, which a family without learned positions lacks; wte [V, C] in shards. */
export function embeddingForward(
  plan: DispatchPlan,
  { rows, contextLength, width }: { rows: number; contextLength: number; width: number },
  { tokens, wte, wpe }: { tokens: Binding; wte: readonly Shard[]; wpe?: Binding },
  x: Binding,
): void {
  for (const { firstRow, rowCount, binding } of wte) {
    plan.add(
      "embedding_forward",
      {
        ROWS: rows,
        CONTEXT: contextLength,
        WIDTH: width,
        FIRST_TOKEN: firstRow,
        TOKENS: rowCount,
        HAS_POSITIONS: wpe === undefined ? 0 : 1,
      },
      [tokens, binding, wpe ?? binding, x],
      rows * width,
    );
  }
}

/** Adds to dwte [V, C], in shards, when `accumulate`, else overwrites it; dx [N, C]; see kernels/embedding_backward.wgsl. */
export function embeddingBackward(
  plan: DispatchPlan,
  { width, accumulate }: { width: number; accumulate: boolean },
  { positions, starts, dx }: { positions: Binding; starts: Binding; dx: Binding },
  dwte: readonly Shard[],
): void {
  for (const { firstRow, rowCount, binding } of dwte) {
    plan.add(
      "embedding_backward",
      { VOCABULARY: rowCount, FIRST_TOKEN: firstRow, WIDTH: width, ACCUMULATE: accumulate ? 1 : 0 },
      [positions, starts, dx, binding],
      rowCount * width,
    );
  }
}
