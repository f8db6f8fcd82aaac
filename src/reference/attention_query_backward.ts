import { attentionScores, type AttentionShape } from "./attention_forward.ts";
import type { Values } from "./values.ts";

/**
 * Twin of kernels/attention_query_backward.wgsl. Adds the queries' gradients to dqkv [B, T, 3C]; returns rowDot
 * [B, H, T].
 */
export function attentionQueryBackward(
  { qkv, out, logSumExp, dout }: { qkv: Values; out: Values; logSumExp: Values; dout: Values },
  shape: AttentionShape,
  dqkv: Values,
): Float64Array {
  const { batch, context, heads, headSize } = shape;
  const width = heads * headSize;
  const rowDot = new Float64Array(batch * heads * context);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < context; t++) {
        const row = (b * heads + h) * context + t;
        const at = (b * context + t) * width + h * headSize;
        for (let d = 0; d < headSize; d++) rowDot[row] += dout[at + d] * out[at + d];
        const scores = attentionScores(qkv, shape, b, h, t);
        for (let s = 0; s <= t; s++) {
          const key = (b * context + s) * 3 * width + width + h * headSize;
          let dp = 0;
          for (let d = 0; d < headSize; d++) dp += dout[at + d] * qkv[key + width + d];
          const dscore = (Math.exp(scores[s] - logSumExp[row]) * (dp - rowDot[row])) / Math.sqrt(headSize);
          for (let d = 0; d < headSize; d++) {
            dqkv[(b * context + t) * 3 * width + h * headSize + d] += dscore * qkv[key + d];
          }
        }
      }
    }
  }
  return rowDot;
}
