import type { ProductShape } from "./matmul_nn.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/matmul_tn.wgsl. a [inner, rows]ᵀ·b [inner, columns] → y [rows, columns]. */
export function matmulTN(a: Values, b: Values, { rows, columns, inner }: ProductShape): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[k * rows + i] * b[k * columns + j];
      y[i * columns + j] = sum;
    }
  }
  return y;
}
