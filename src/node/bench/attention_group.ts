/**
 * The part of an attention that is small enough for the scalar twins: the query heads that share the last key-value head, in
 * the last sequence. Attention never mixes sequences or groups, so this part computed alone is the truth for it.
 */
import type { AttentionShape } from "../../model/mod.ts";
import { packedColumns } from "../../reference/attention_columns.ts";
import { attentionForward } from "../../reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../../reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../../reference/attention_query_backward.ts";

/** Columns of a matrix of all rows, and the group's part of them. */
interface GroupColumns {
  readonly rowStride: number;
  pick(matrix: Float32Array): Float32Array<ArrayBuffer>;
}

export interface HeadGroup {
  /** Of the group alone: one sequence, one key-value head. */
  readonly shape: AttentionShape;
  /** In [N, (H + 2·Hkv)·D] */
  readonly packed: GroupColumns;
  /** In [N, H·D] */
  readonly out: GroupColumns;
}

export function lastGroup(
  { batchSize, contextLength, headCount, keyValueHeadCount, headSize }: AttentionShape,
): HeadGroup {
  const groupSize = headCount / keyValueHeadCount;
  const [width, keyWidth, groupWidth] = [headCount, keyValueHeadCount, groupSize].map((heads) =>
    heads * headSize
  );
  const firstRow = (batchSize - 1) * contextLength;
  const columns = (rowStride: number, ranges: readonly (readonly [number, number])[]): GroupColumns => ({
    rowStride,
    pick(matrix) {
      const picked: number[] = [];
      for (let row = firstRow; row < firstRow + contextLength; row++) {
        for (const [from, to] of ranges) {
          for (let column = from; column < to; column++) picked.push(matrix[row * rowStride + column]);
        }
      }
      return Float32Array.from(picked);
    },
  });
  const [queriesEnd, keysEnd, valuesEnd] = [width, width + keyWidth, width + 2 * keyWidth];
  return {
    shape: { batchSize: 1, contextLength, headCount: groupSize, keyValueHeadCount: 1, headSize },
    packed: columns(valuesEnd, [
      [queriesEnd - groupWidth, queriesEnd],
      [keysEnd - headSize, keysEnd],
      [valuesEnd - headSize, valuesEnd],
    ]),
    out: columns(width, [[width - groupWidth, width]]),
  };
}

/** @returns out and the gradient of the packed matrix, of the group alone, in the order in which `pick` gives them */
export function attentionTwins(
  { shape, packed, out: outColumns }: HeadGroup,
  values: { qkv: Float32Array; dout: Float32Array },
): { out: Float64Array; dqkv: Float64Array } {
  const inputs = packedColumns(packed.pick(values.qkv), shape);
  const dout = outColumns.pick(values.dout);
  const { out, logSumExp } = attentionForward(inputs, shape);
  const dqkv = new Float64Array(inputs.queries.values.length);
  const { queries, keys, values: dvalues } = packedColumns(dqkv, shape);
  const rowDot = attentionQueryBackward(inputs, { out, logSumExp, dout }, shape, queries);
  attentionKeyValueBackward(inputs, { logSumExp, rowDot, dout }, shape, { dkeys: keys, dvalues });
  return { out, dqkv };
}
