/**
 * How attention's twins see their tensors: columns of a row-major matrix of B·T rows. GPT-2's packed [N, 3C] is three such
 * views of one matrix, Llama's queries, keys and values are three matrices. Heads lie side by side, D columns each.
 */
import type { Values } from "./values.ts";

export interface AttentionShape {
  readonly batchSize: number;
  readonly contextLength: number;
  readonly headCount: number;
  /** Divides headCount; query head h reads key-value head ⌊h · keyValueHeadCount / headCount⌋. */
  readonly keyValueHeadCount: number;
  readonly headSize: number;
}

export interface ValueColumns<V extends Values = Values> {
  readonly values: V;
  readonly rowStride: number;
  readonly columnOffset: number;
}

export interface AttentionInputs {
  readonly queries: ValueColumns;
  readonly keys: ValueColumns;
  readonly values: ValueColumns;
}

/** A matrix that holds nothing but the tensor. */
export function allColumns<V extends Values>(values: V, width: number): ValueColumns<V> {
  return { values, rowStride: width, columnOffset: 0 };
}

/** Queries, keys and values side by side: [N, (H + 2·Hkv)·D]. */
export function packedColumns<V extends Values>(
  values: V,
  { headCount, keyValueHeadCount, headSize }: AttentionShape,
): { queries: ValueColumns<V>; keys: ValueColumns<V>; values: ValueColumns<V> } {
  const [width, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const rowStride = width + 2 * keyWidth;
  return {
    queries: { values, rowStride, columnOffset: 0 },
    keys: { values, rowStride, columnOffset: width },
    values: { values, rowStride, columnOffset: width + keyWidth },
  };
}

/** Where the D elements of `head` in row `t` of sequence `b` begin. */
export function headStart(
  { rowStride, columnOffset }: ValueColumns,
  { contextLength, headSize }: AttentionShape,
  b: number,
  t: number,
  head: number,
): number {
  return (b * contextLength + t) * rowStride + columnOffset + head * headSize;
}

/** Calls `visit` for every query: sequence, head, its key-value head, position, and its row of [B, H, T]. */
export function eachQuery(
  { batchSize, contextLength, headCount, keyValueHeadCount }: AttentionShape,
  visit: (b: number, head: number, keyHead: number, t: number, row: number) => void,
): void {
  for (let b = 0; b < batchSize; b++) {
    for (let head = 0; head < headCount; head++) {
      const keyHead = Math.floor((head * keyValueHeadCount) / headCount);
      for (let t = 0; t < contextLength; t++) {
        visit(b, head, keyHead, t, (b * headCount + head) * contextLength + t);
      }
    }
  }
}
