/** Operations that only Llama has, as dispatches appended to a plan: N rows (B·T tokens), C columns. */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";
import { addColumnSums, rowLanes } from "./layers.ts";
import type { Shard } from "./parameter_store.ts";
import { shardedNN, shardedNT, shardedTN } from "./sharded_matmul.ts";

/** y [N, out] = x [N, in]·wᵀ, w [out, in] in shards. */
export function projectionForward(
  plan: DispatchPlan,
  { rows, inWidth, outWidth }: { rows: number; inWidth: number; outWidth: number },
  { x, w, y }: { x: Binding; w: readonly Shard[]; y: Binding },
): void {
  shardedNT(plan, { rows, columns: outWidth, inner: inWidth }, x, w, y);
}

/** Adds to dx [N, in] when `addsToInput`, and to dw [out, in] when `accumulate`, else overwrites them. w and dw in shards. */
export function projectionBackward(
  plan: DispatchPlan,
  { rows, inWidth, outWidth, addsToInput }: {
    rows: number;
    inWidth: number;
    outWidth: number;
    addsToInput: boolean;
  },
  { x, w, dy }: { x: Binding; w: readonly Shard[]; dy: Binding },
  { dx, dw, accumulate }: { dx: Binding; dw: readonly Shard[]; accumulate: boolean },
): void {
  shardedNN(plan, { rows, columns: inWidth, inner: outWidth }, dy, w, dx, { accumulate: addsToInput });
  shardedTN(plan, { rows: outWidth, columns: inWidth, inner: rows }, dy, x, dw, { accumulate });
}

/** @param at x, y [N, C], gain [C], rstd [N] */
export function rmsnormForward(
  plan: DispatchPlan,
  { rows, width, epsilon }: { rows: number; width: number; epsilon: number },
  { x, gain, y, rstd }: { x: Binding; gain: Binding; y: Binding; rstd: Binding },
): void {
  const lanes = rowLanes(plan);
  const constants = { ROWS: rows, WIDTH: width, EPSILON: epsilon, LANES: lanes };
  plan.add("rmsnorm_forward", constants, [x, gain, y, rstd], rows * lanes);
}

/** sum = x + branch, all [N, C], and its norm y [N, C] as `rmsnormForward`. */
export function residualRmsnormForward(
  plan: DispatchPlan,
  { rows, width, epsilon }: { rows: number; width: number; epsilon: number },
  { x, branch, gain, sum, y, rstd }: {
    x: Binding;
    branch: Binding;
    gain: Binding;
    sum: Binding;
    y: Binding;
    rstd: Binding;
  },
): void {
  const lanes = rowLanes(plan);
  const constants = { ROWS: rows, WIDTH: width, EPSILON: epsilon, LANES: lanes };
  plan.add("residual_rmsnorm_forward", constants, [x, branch, gain, sum, y, rstd], rows * lanes);
}

/** Adds to dx [N, C] when `addsToStream`, and to dgain [C] when `accumulate`, else overwrites them. */
export function rmsnormBackward(
  plan: DispatchPlan,
  { rows, width, addsToStream }: { rows: number; width: number; addsToStream: boolean },
  { x, gain, rstd, dy }: { x: Binding; gain: Binding; rstd: Binding; dy: Binding },
  { dx, dgain, accumulate }: { dx: Binding; dgain: Binding; accumulate: boolean },
): void {
  const lanes = rowLanes(plan);
  const constants = { ROWS: rows, WIDTH: width };
  plan.add(
    "rmsnorm_backward",
    { ...constants, ACCUMULATE: addsToStream ? 1 : 0, LANES: lanes },
    [dy, x, gain, rstd, dx],
    rows * lanes,
  );
  addColumnSums(plan, "rmsnorm_gain_backward", { rows, width, accumulate }, [dy, x, rstd, dgain]);
}

/** Rotates x [B·T, heads·headSize] in place, back when `inverse`; see kernels/rope.wgsl. */
export function rope(
  plan: DispatchPlan,
  { rows, contextLength, heads, headSize }: {
    rows: number;
    contextLength: number;
    heads: number;
    headSize: number;
  },
  x: Binding,
  table: Binding,
  inverse: boolean,
): void {
  plan.add(
    "rope",
    {
      ROWS: rows,
      CONTEXT: contextLength,
      HEADS: heads,
      HEAD_SIZE: headSize,
      INVERSE: inverse ? 1 : 0,
    },
    [x, table],
    rows * heads * headSize / 2,
  );
}

/** y = silu(gate)·up, all [count]. */
export function swigluForward(
  plan: DispatchPlan,
  count: number,
  { gate, up, y }: { gate: Binding; up: Binding; y: Binding },
): void {
  plan.add("swiglu_forward", { COUNT: count }, [gate, up, y], count);
}

/** dgate holds dy on entry; all [count]. */
export function swigluBackward(
  plan: DispatchPlan,
  count: number,
  { gate, up }: { gate: Binding; up: Binding },
  { dgate, dup }: { dgate: Binding; dup: Binding },
): void {
  plan.add("swiglu_backward", { COUNT: count }, [gate, up, dgate, dup], count);
}
