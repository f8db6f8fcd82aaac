import type { Values } from "./values.ts";

/** Twin of kernels/squared_norm.wgsl → partials [partialCount]. */
export function squaredNorm(values: Values, partialCount: number): Float64Array {
  const partials = new Float64Array(partialCount);
  for (let i = 0; i < values.length; i++) partials[i % partialCount] += values[i] ** 2;
  return partials;
}
