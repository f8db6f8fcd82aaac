import type { Values } from "./values.ts";

export interface AttentionShape {
  readonly batch: number;
  readonly context: number;
  readonly heads: number;
  readonly headSize: number;
}

/** Twin of kernels/attention_forward.wgsl. qkv [B, T, 3C] → out [B, T, C], logSumExp [B, H, T]. */
export function attentionForward(
  qkv: Values,
  shape: AttentionShape,
): { out: Float64Array; logSumExp: Float64Array } {
  const { batch, context, heads, headSize } = shape;
  const width = heads * headSize;
  const out = new Float64Array(batch * context * width);
  const logSumExp = new Float64Array(batch * heads * context);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < context; t++) {
        const scores = attentionScores(qkv, shape, b, h, t);
        const largest = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
        logSumExp[(b * heads + h) * context + t] = largest + Math.log(total);
        for (let s = 0; s <= t; s++) {
          const p = Math.exp(scores[s] - largest) / total;
          const value = (b * context + s) * 3 * width + 2 * width + h * headSize;
          for (let d = 0; d < headSize; d++) {
            out[(b * context + t) * width + h * headSize + d] += p * qkv[value + d];
          }
        }
      }
    }
  }
  return { out, logSumExp };
}

/** q[t]·k[s]/√D for s = 0 … t. */
export function attentionScores(
  qkv: Values,
  { context, heads, headSize }: AttentionShape,
  b: number,
  h: number,
  t: number,
): number[] {
  const width = heads * headSize;
  const query = (b * context + t) * 3 * width + h * headSize;
  return Array.from({ length: t + 1 }, (_, s) => {
    const key = (b * context + s) * 3 * width + width + h * headSize;
    let score = 0;
    for (let d = 0; d < headSize; d++) score += qkv[query + d] * qkv[key + d];
    return score / Math.sqrt(headSize);
  });
}
