import type { Values } from "./values.ts";

/** Twin of kernels/layernorm_parameters_backward.wgsl → dgain, dbias [width]. */
export function layernormParametersBackward(
  dy: Values,
  x: Values,
  statistics: Values,
  width: number,
): { dgain: Float64Array; dbias: Float64Array } {
  const dgain = new Float64Array(width);
  const dbias = new Float64Array(width);
  for (let i = 0; i < x.length; i++) {
    const row = Math.floor(i / width);
    dgain[i % width] += dy[i] * (x[i] - statistics[2 * row]) * statistics[2 * row + 1];
    dbias[i % width] += dy[i];
  }
  return { dgain, dbias };
}
