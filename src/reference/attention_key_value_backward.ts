import { attentionScores, type AttentionShape } from "./attention_forward.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/attention_key_value_backward.wgsl. Adds the keys' and values' gradients to dqkv [B, T, 3C]. */
export function attentionKeyValueBackward(
  { qkv, logSumExp, rowDot, dout }: { qkv: Values; logSumExp: Values; rowDot: Values; dout: Values },
  shape: AttentionShape,
  dqkv: Values,
): void {
  const { batch, context, heads, headSize } = shape;
  const width = heads * headSize;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < context; t++) {
        const row = (b * heads + h) * context + t;
        const at = (b * context + t) * width + h * headSize;
        const query = (b * context + t) * 3 * width + h * headSize;
        const scores = attentionScores(qkv, shape, b, h, t);
        for (let s = 0; s <= t; s++) {
          const key = (b * context + s) * 3 * width + width + h * headSize;
          let dp = 0;
          for (let d = 0; d < headSize; d++) dp += dout[at + d] * qkv[key + width + d];
          const p = Math.exp(scores[s] - logSumExp[row]);
          const dscore = (p * (dp - rowDot[row])) / Math.sqrt(headSize);
          for (let d = 0; d < headSize; d++) {
            dqkv[key + d] += dscore * qkv[query + d];
            dqkv[key + width + d] += p * dout[at + d];
          }
        }
      }
    }
  }
}
