import type { Values } from "./values.ts";

/** Twin of kernels/cast_parameters.wgsl in f16: masters [count] → nearest halves, ties to even. */
export function castParameters(masters: Values): Float64Array {
  return Float64Array.from(new Float16Array(masters));
}
