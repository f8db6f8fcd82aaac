import type { Values } from "./values.ts";

export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** Twin of kernels/matmul_nn.wgsl. a [rows, inner]·b [inner, columns] (+ bias [columns]) → y [rows, columns]. */
export function matmulNN(
  a: Values,
  b: Values,
  { rows, columns, inner }: ProductShape,
  bias?: Values,
): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = bias === undefined ? 0 : bias[j];
      for (let k = 0; k < inner; k++) sum += a[i * inner + k] * b[k * columns + j];
      y[i * columns + j] = sum;
    }
  }
  return y;
}
