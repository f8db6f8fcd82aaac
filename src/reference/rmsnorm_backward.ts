import type { Values } from "./values.ts";

/** Twin of kernels/rmsnorm_backward.wgsl, overwriting form. dy, x [rows, width]; rstd [rows] → dx. */
export function rmsnormBackward(
  dy: Values,
  x: Values,
  gain: Values,
  rstd: Values,
  width: number,
): Float64Array {
  const dx = new Float64Array(x.length);
  for (let row = 0; row < x.length / width; row++) {
    let mean = 0;
    for (let c = 0; c < width; c++) {
      const i = row * width + c;
      mean += (dy[i] * gain[c] * x[i] * rstd[row]) / width;
    }
    for (let c = 0; c < width; c++) {
      const i = row * width + c;
      dx[i] = rstd[row] * (dy[i] * gain[c] - x[i] * rstd[row] * mean);
    }
  }
  return dx;
}
