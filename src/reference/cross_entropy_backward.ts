import { NOT_COUNTED } from "./cross_entropy_forward.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/cross_entropy_backward.wgsl: logits [rows, columns], logSumExp [rows] → dlogits [rows, columns]. */
export function crossEntropyBackward(
  logits: Values,
  targets: Uint32Array,
  logSumExp: Values,
  { columns, firstToken, scale }: { columns: number; firstToken: number; scale: number },
): Float64Array {
  const dlogits = new Float64Array(logits.length);
  for (let row = 0; row < targets.length; row++) {
    if (targets[row] === NOT_COUNTED) continue;
    for (let column = 0; column < columns; column++) {
      const probability = Math.exp(logits[row * columns + column] - logSumExp[row]);
      const chosen = targets[row] === firstToken + column ? 1 : 0;
      dlogits[row * columns + column] = (probability - chosen) * scale;
    }
  }
  return dlogits;
}
