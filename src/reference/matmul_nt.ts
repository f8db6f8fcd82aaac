import type { ProductShape } from "./matmul_nn.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/matmul_nt.wgsl. a [rows, inner]·b [columns, inner]ᵀ → y [rows, columns]. */
export function matmulNT(a: Values, b: Values, { rows, columns, inner }: ProductShape): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[i * inner + k] * b[j * inner + k];
      y[i * columns + j] = sum;
    }
  }
  return y;
}
