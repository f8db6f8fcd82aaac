import type { Values } from "./values.ts";

/** Twin of kernels/residual_forward.wgsl. */
export function residualForward(x: Values, branch: Values): Float64Array {
  return Float64Array.from(x, (v, i) => v + branch[i]);
}
