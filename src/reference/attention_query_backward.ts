import {
  type AttentionInputs,
  type AttentionShape,
  eachQuery,
  headStart,
  type ValueColumns,
} from "./attention_columns.ts";
import { attentionScores } from "./attention_forward.ts";
import type { Values } from "./values.ts";

/**
 * Twin of kernels/attention_query_backward.wgsl. out, dout [B, T, H·D], logSumExp [B, H, T]. Adds the queries' gradients to
 * dqueries; returns rowDot [B, H, T].
 */
export function attentionQueryBackward(
  inputs: AttentionInputs,
  { out, logSumExp, dout }: { out: Values; logSumExp: Values; dout: Values },
  shape: AttentionShape,
  dqueries: ValueColumns,
): Float64Array {
  const { batchSize, contextLength, headCount, headSize } = shape;
  const { keys, values } = inputs;
  const rowDot = new Float64Array(batchSize * headCount * contextLength);
  eachQuery(shape, (b, head, keyHead, t, row) => {
    const at = ((b * contextLength + t) * headCount + head) * headSize;
    for (let d = 0; d < headSize; d++) rowDot[row] += dout[at + d] * out[at + d];
    const dquery = headStart(dqueries, shape, b, t, head);
    attentionScores(inputs, shape, b, head, keyHead, t).forEach((score, s) => {
      const key = headStart(keys, shape, b, s, keyHead);
      const value = headStart(values, shape, b, s, keyHead);
      let dp = 0;
      for (let d = 0; d < headSize; d++) dp += dout[at + d] * values.values[value + d];
      const dscore = (Math.exp(score - logSumExp[row]) * (dp - rowDot[row])) / Math.sqrt(headSize);
      for (let d = 0; d < headSize; d++) dqueries.values[dquery + d] += dscore * keys.values[key + d];
    });
  });
  return rowDot;
}
