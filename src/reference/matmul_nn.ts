import { matrixProduct, type ProductOptions, type ProductShape } from "./matrix_product.ts";
import type { Values } from "./values.ts";

/** The product that the matmul kernels make with neither operand transposed: a [rows, inner]·b [inner, columns] (+ bias [columns]) (+ onto) → y [rows, columns]. */
export function matmulNN(
  a: Values,
  b: Values,
  shape: ProductShape,
  options: ProductOptions = {},
): Float64Array {
  const [aOffset, bOffset] = [options.offsets?.a ?? 0, options.offsets?.b ?? 0];
  const [aStride, bStride] = [options.strides?.a ?? shape.inner, options.strides?.b ?? shape.columns];
  return matrixProduct(a, b, shape, options, {
    a: (i, k) => aOffset + i * aStride + k,
    b: (k, j) => bOffset + k * bStride + j,
  });
}
