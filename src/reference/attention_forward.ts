import { type AttentionInputs, type AttentionShape, eachQuery, headStart } from "./attention_columns.ts";

/**
 * Twin of kernels/attention_forward.wgsl. queries [B, T, H, D], keys and values [B, T, Hkv, D] → out [B, T, H·D],
 * logSumExp [B, H, T].
 */
export function attentionForward(
  inputs: AttentionInputs,
  shape: AttentionShape,
): { out: Float64Array; logSumExp: Float64Array } {
  const { batchSize, contextLength, headCount, headSize } = shape;
  const width = headCount * headSize;
  const out = new Float64Array(batchSize * contextLength * width);
  const logSumExp = new Float64Array(batchSize * headCount * contextLength);
  const values = inputs.values;
  eachQuery(shape, (b, head, keyHead, t, row) => {
    const scores = attentionScores(inputs, shape, b, head, keyHead, t);
    const largest = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
    logSumExp[row] = largest + Math.log(total);
    const at = (b * contextLength + t) * width + head * headSize;
    for (let s = 0; s <= t; s++) {
      const p = Math.exp(scores[s] - largest) / total;
      const value = headStart(values, shape, b, s, keyHead);
      for (let d = 0; d < headSize; d++) out[at + d] += p * values.values[value + d];
    }
  });
  return { out, logSumExp };
}

/** q[t]·k[s]/√D for s = 0 … t. */
export function attentionScores(
  { queries, keys }: AttentionInputs,
  shape: AttentionShape,
  b: number,
  head: number,
  keyHead: number,
  t: number,
): number[] {
  const query = headStart(queries, shape, b, t, head);
  return Array.from({ length: t + 1 }, (_, s) => {
    const key = headStart(keys, shape, b, s, keyHead);
    let score = 0;
    for (let d = 0; d < shape.headSize; d++) score += queries.values[query + d] * keys.values[key + d];
    return score / Math.sqrt(shape.headSize);
  });
}
