import type { Values } from "./values.ts";

/** Twin of kernels/rmsnorm_forward.wgsl. x [rows, width], gain [width] → y [rows, width], rstd [rows]. */
export function rmsnormForward(
  x: Values,
  gain: Values,
  width: number,
  epsilon = 1e-5,
): { y: Float64Array; rstd: Float64Array } {
  const rows = x.length / width;
  const y = new Float64Array(x.length);
  const rstd = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let mean = 0;
    for (let c = 0; c < width; c++) mean += x[row * width + c] ** 2 / width;
    rstd[row] = 1 / Math.sqrt(mean + epsilon);
    for (let c = 0; c < width; c++) y[row * width + c] = x[row * width + c] * rstd[row] * gain[c];
  }
  return { y, rstd };
}
