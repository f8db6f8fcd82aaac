import type { Values } from "./values.ts";

/** Twin of kernels/ceiling_copy.wgsl. */
export function ceilingCopy(source: Values): Float64Array {
  return Float64Array.from(source);
}
