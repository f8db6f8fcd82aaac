import type { Values } from "./values.ts";

/** Twin of kernels/reduce_trimmed_mean.wgsl: rows [members][count], weights [members] → mean [count]. */
export function reduceTrimmedMean(
  rows: readonly Values[],
  weights: readonly number[],
  drop: number,
): Float64Array {
  return Float64Array.from(rows[0], (_, i) => {
    const order = rows.map((row, member) => ({ value: row[i], member }));
    order.sort((a, b) => a.value - b.value || a.member - b.member);
    const kept = order.slice(drop, order.length - drop);
    const weight = kept.reduce((sum, { member }) => sum + weights[member], 0);
    return kept.reduce((sum, { value, member }) => sum + weights[member] * value, 0) / weight;
  });
}
