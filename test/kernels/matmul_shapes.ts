/** Shapes [rows, columns, inner] around the 8×4 tile and both workgroup widths (64 and 256 columns). */
export const MATMUL_SHAPES = [
  [1, 1, 1],
  [7, 3, 5],
  [8, 4, 16],
  [9, 5, 17],
  [13, 63, 31],
  [17, 65, 2],
  [2, 257, 3],
] as const;

/** A sum of `inner` products of standard normals: |value| below about 12·√inner, one rounding a term. */
export function matmulTolerance(inner: number): { absolute: number } {
  return { absolute: (inner + 1) * 12 * Math.sqrt(inner) * 2 ** -24 };
}
