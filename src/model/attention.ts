/**
 * Fused causal attention, forward and backward, over columns of matrices: GPT-2's packed [N, 3C] and Llama's separate
 * queries, keys and values are the same to it. H query heads share Hkv key-value heads in groups; no T×T buffer exists.
 * Positions (RoPE) are in the queries and keys before they come here.
 */
import { assert } from "../base/assert.ts";
import type { Binding, DispatchPlan, DispatchWork } from "../gpu/mod.ts";
import {
  type AttentionDispatch,
  type AttentionForm,
  attentionForm,
  type AttentionShape,
  type ColumnRange,
  forwardDispatch,
  keyValueBackwardDispatch,
  packedRanges,
  queryBackwardDispatch,
} from "./attention_dispatch.ts";
import { MAX_HEAD_SIZE } from "./config.ts";

/** A tensor [B, T, heads, D] that is columns of a matrix. */
export interface Columns extends ColumnRange {
  readonly binding: Binding;
}

export interface AttentionBindings {
  /** [B, T, H, D] */
  readonly queries: Columns;
  /** [B, T, Hkv, D] */
  readonly keys: Columns;
  readonly values: Columns;
  /** [B, T, H, D] */
  readonly out: Columns;
  /** [B, H, T] f32 */
  readonly logSumExp: Binding;
}

export interface AttentionGradients {
  /** [B, T, H, D], read */
  readonly dout: Columns;
  /** As queries, keys and values, overwritten. They may be columns of one matrix. */
  readonly dqueries: Columns;
  readonly dkeys: Columns;
  readonly dvalues: Columns;
  /** [B, H, T] f32, overwritten: out·dout */
  readonly rowDot: Binding;
}

/** `binding` as a matrix of `rowStride` columns, the tensor beginning at `columnOffset`. */
export function columnsOf(binding: Binding, rowStride: number, columnOffset = 0): Columns {
  return { binding, rowStride, columnOffset };
}

/** Queries, keys and values side by side in one matrix [N, (H + 2·Hkv)·D], GPT-2's order. */
export function packedColumns(
  binding: Binding,
  shape: AttentionShape,
): { queries: Columns; keys: Columns; values: Columns } {
  const { queries, keys, values } = packedRanges(shape);
  return { queries: { binding, ...queries }, keys: { binding, ...keys }, values: { binding, ...values } };
}

/** Overwrites out and logSumExp. The form is chosen for the adapter unless given. */
export function attentionForward(
  plan: DispatchPlan,
  shape: AttentionShape,
  at: AttentionBindings,
  form = attentionForm(plan.adapter.backendKind, shape, [at.queries, at.keys, at.values, at.out]),
): void {
  checkShape(shape);
  const inputs = [at.queries, at.keys, at.values, at.out].map(({ binding }) => binding);
  add(
    plan,
    forwardDispatch(form, shape, at, plan.workgroupSize),
    [...inputs, at.logSumExp],
    workOf(shape, 2),
  );
}

/** Must follow a forward pass over the same bindings. */
export function attentionBackward(
  plan: DispatchPlan,
  shape: AttentionShape,
  at: AttentionBindings,
  gradients: AttentionGradients,
  form = backwardForm(plan, shape, at, gradients),
): void {
  checkShape(shape);
  const { logSumExp } = at;
  const { dout, dqueries, dkeys, dvalues, rowDot } = gradients;
  const [queries, keys, values, out] = [at.queries, at.keys, at.values, at.out].map(({ binding }) => binding);
  add(
    plan,
    queryBackwardDispatch(form, shape, { ...at, ...gradients }, plan.workgroupSize),
    [queries, keys, values, out, logSumExp, dout.binding, dqueries.binding, rowDot],
    workOf(shape, 3),
  );
  const isShared = dkeys.binding.buffer === dvalues.binding.buffer &&
    dkeys.binding.offsetBytes === dvalues.binding.offsetBytes;
  // Every declared binding must be bound; `out` stands in where there is no second matrix, and is not written.
  const second = isShared ? out : dvalues.binding;
  add(
    plan,
    keyValueBackwardDispatch(form, shape, { ...at, ...gradients }, isShared, plan.workgroupSize),
    [queries, keys, values, logSumExp, rowDot, dout.binding, dkeys.binding, second],
    workOf(shape, 4),
  );
}

function backwardForm(
  plan: DispatchPlan,
  shape: AttentionShape,
  { queries, keys, values, out }: AttentionBindings,
  { dout, dqueries, dkeys, dvalues }: AttentionGradients,
): AttentionForm {
  const ranges = [queries, keys, values, out, dout, dqueries, dkeys, dvalues];
  return attentionForm(plan.adapter.backendKind, shape, ranges);
}

function add(
  plan: DispatchPlan,
  { kernel, constants, grid }: AttentionDispatch,
  bindings: Binding[],
  work: Partial<DispatchWork>,
): void {
  plan.add(kernel, constants, bindings, grid, work);
}

/** @param products of D multiply-adds that a kernel computes for each visible pair of query and key */
function workOf(shape: AttentionShape, products: number): Partial<DispatchWork> {
  const { batchSize, contextLength, headCount, keyValueHeadCount, headSize } = shape;
  const pairs = batchSize * headCount * contextLength * (contextLength + 1) / 2;
  return {
    flops: products * 2 * headSize * pairs,
    shape: `B ${batchSize}, T ${contextLength}, ${headCount} heads over ${keyValueHeadCount} of ${headSize}`,
  };
}

function checkShape({ headCount, keyValueHeadCount, headSize }: AttentionShape): void {
  assert(headSize >= 1 && headSize <= MAX_HEAD_SIZE, `attention: heads of ${headSize}`);
  assert(headCount % keyValueHeadCount === 0, `attention: ${headCount} heads over ${keyValueHeadCount}`);
}
