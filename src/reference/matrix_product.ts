/**
 * What the twins of the matrix products share: y[i, j] = Σₖ left(i, k)·right(k, j) (+ bias[j]) (+ y[i, j]), where a and b
 * are parts of larger matrices, given by the offset of their first element and the stride from row to row.
 */
import type { Values } from "./values.ts";

export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** One number for each matrix of a product. */
export interface OfMatrices {
  readonly a: number;
  readonly b: number;
  readonly y: number;
}

export interface ProductOptions {
  readonly bias?: Values;
  /** What the product is added to, laid out as y. */
  readonly onto?: Values;
  /** Elements from one row to the next, as stored; default: the row's length. */
  readonly strides?: Partial<OfMatrices>;
  /** The first element; default 0. */
  readonly offsets?: Partial<OfMatrices>;
}

/**
 * @param element the operands' elements (i, k) and (k, j), by position in a and b
 * @returns y from its first element to its last, gaps between rows zero, or as they are in `onto`
 */
export function matrixProduct(
  a: Values,
  b: Values,
  { rows, columns, inner }: ProductShape,
  { bias, onto, strides, offsets }: ProductOptions,
  element: { readonly a: (i: number, k: number) => number; readonly b: (k: number, j: number) => number },
): Float64Array {
  const [stride, offset] = [strides?.y ?? columns, offsets?.y ?? 0];
  const y = onto === undefined
    ? new Float64Array(offset + (rows - 1) * stride + columns)
    : Float64Array.from(onto);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = bias === undefined ? 0 : bias[j];
      for (let k = 0; k < inner; k++) sum += a[element.a(i, k)] * b[element.b(k, j)];
      y[offset + i * stride + j] += sum;
    }
  }
  return y;
}
