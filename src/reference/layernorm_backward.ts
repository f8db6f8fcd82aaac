import type { Values } from "./values.ts";

/** Twin of kernels/layernorm_backward.wgsl, overwriting form. dy, x [rows, width]; statistics [rows, 2] → dx. */
export function layernormBackward(
  dy: Values,
  x: Values,
  gain: Values,
  statistics: Values,
  width: number,
): Float64Array {
  const dx = new Float64Array(x.length);
  for (let row = 0; row < x.length / width; row++) {
    const mean = statistics[2 * row];
    const rstd = statistics[2 * row + 1];
    let meanG = 0;
    let meanGX = 0;
    for (let c = 0; c < width; c++) {
      const g = dy[row * width + c] * gain[c];
      meanG += g / width;
      meanGX += (g * (x[row * width + c] - mean) * rstd) / width;
    }
    for (let c = 0; c < width; c++) {
      const xhat = (x[row * width + c] - mean) * rstd;
      dx[row * width + c] = rstd * (dy[row * width + c] * gain[c] - meanG - xhat * meanGX);
    }
  }
  return dx;
}
