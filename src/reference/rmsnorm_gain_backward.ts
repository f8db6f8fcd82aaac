import type { Values } from "./values.ts";

/** Twin of kernels/rmsnorm_gain_backward.wgsl → dgain [width]. */
export function rmsnormGainBackward(dy: Values, x: Values, rstd: Values, width: number): Float64Array {
  const dgain = new Float64Array(width);
  for (let i = 0; i < x.length; i++) dgain[i % width] += dy[i] * x[i] * rstd[Math.floor(i / width)];
  return dgain;
}
