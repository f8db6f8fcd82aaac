import type { Values } from "./values.ts";

/** Twin of kernels/bias_backward.wgsl. dy [rows, width] → dbias [width]. */
export function biasBackward(dy: Values, width: number): Float64Array {
  const dbias = new Float64Array(width);
  for (let i = 0; i < dy.length; i++) dbias[i % width] += dy[i];
  return dbias;
}
