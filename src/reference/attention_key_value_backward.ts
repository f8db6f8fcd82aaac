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
 * Twin of kernels/attention_key_value_backward.wgsl. logSumExp, rowDot [B, H, T], dout [B, T, H·D]. Adds the gradients of
 * keys and values, of every query head of their group, to dkeys and dvalues.
 */
export function attentionKeyValueBackward(
  inputs: AttentionInputs,
  { logSumExp, rowDot, dout }: { logSumExp: Values; rowDot: Values; dout: Values },
  shape: AttentionShape,
  { dkeys, dvalues }: { dkeys: ValueColumns; dvalues: ValueColumns },
): void {
  const { contextLength, headCount, headSize } = shape;
  const { queries, values } = inputs;
  eachQuery(shape, (b, head, keyHead, t, row) => {
    const at = ((b * contextLength + t) * headCount + head) * headSize;
    const query = headStart(queries, shape, b, t, head);
    attentionScores(inputs, shape, b, head, keyHead, t).forEach((score, s) => {
      const value = headStart(values, shape, b, s, keyHead);
      const dkey = headStart(dkeys, shape, b, s, keyHead);
      const dvalue = headStart(dvalues, shape, b, s, keyHead);
      let dp = 0;
      for (let d = 0; d < headSize; d++) dp += dout[at + d] * values.values[value + d];
      const p = Math.exp(score - logSumExp[row]);
      const dscore = (p * (dp - rowDot[row])) / Math.sqrt(headSize);
      for (let d = 0; d < headSize; d++) {
        dkeys.values[dkey + d] += dscore * queries.values[query + d];
        dvalues.values[dvalue + d] += p * dout[at + d];
      }
    });
  });
}
