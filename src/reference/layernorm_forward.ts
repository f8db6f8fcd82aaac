import type { Values } from "./values.ts";

export interface LayernormResult {
  /** [rows, width] */
  readonly y: Float64Array;
  /** [rows, 2]: mean, reciprocal standard deviation */
  readonly statistics: Float64Array;
}

/** Twin of kernels/layernorm_forward.wgsl. x [rows, width], gain and bias [width]. */
export function layernormForward(x: Values, gain: Values, bias: Values, width: number): LayernormResult {
  const rows = x.length / width;
  const y = new Float64Array(x.length);
  const statistics = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    let mean = 0;
    for (let c = 0; c < width; c++) mean += x[row * width + c] / width;
    let variance = 0;
    for (let c = 0; c < width; c++) variance += (x[row * width + c] - mean) ** 2 / width;
    const rstd = 1 / Math.sqrt(variance + 1e-5);
    for (let c = 0; c < width; c++) {
      y[row * width + c] = (x[row * width + c] - mean) * rstd * gain[c] + bias[c];
    }
    statistics.set([mean, rstd], 2 * row);
  }
  return { y, statistics };
}
