import type { Values } from "./values.ts";

/** Twin of kernels/numerics_gate.wgsl without its edges: a [rows, inner], b [columns, inner] → y [rows, 4, columns]. */
export function numericsGate(a: Values, b: Values, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const y = new Float64Array(rows * 4 * columns);
  for (let row = 0; row < rows; row++) {
    const scores = Float64Array.from({ length: columns }, (_, column) => {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[row * inner + k] * b[column * inner + k];
      return sum;
    });
    const largest = Math.max(...scores);
    const exponentials = scores.map((score) => Math.exp(score - largest));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    const mean = scores.reduce((sum, score) => sum + score, 0) / columns;
    const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / columns;
    const base = row * 4 * columns;
    y.set(scores, base);
    y.set(scores, base + columns);
    y.set(exponentials.map((value) => value / total), base + 2 * columns);
    y.set(scores.map((score) => (score - mean) / Math.sqrt(variance + 1e-5)), base + 3 * columns);
  }
  return y;
}
