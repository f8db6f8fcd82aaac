import type { Values } from "./values.ts";

/** Twin of kernels/swiglu_forward.wgsl. */
export function swigluForward(gate: Values, up: Values): Float64Array {
  return Float64Array.from(gate, (g, i) => g / (1 + Math.exp(-g)) * up[i]);
}
