import type { Values } from "./values.ts";

/** Twin of kernels/gelu_forward.wgsl. */
export function geluForward(x: Values): Float64Array {
  return Float64Array.from(
    x,
    (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
  );
}
