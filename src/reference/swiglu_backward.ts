import type { Values } from "./values.ts";

/** Twin of kernels/swiglu_backward.wgsl: returns dgate instead of overwriting dy. */
export function swigluBackward(
  gate: Values,
  up: Values,
  dy: Values,
): { dgate: Float64Array; dup: Float64Array } {
  const dgate = new Float64Array(gate.length);
  const dup = new Float64Array(gate.length);
  for (let i = 0; i < gate.length; i++) {
    const s = 1 / (1 + Math.exp(-gate[i]));
    dgate[i] = dy[i] * up[i] * s * (1 + gate[i] * (1 - s));
    dup[i] = dy[i] * gate[i] * s;
  }
  return { dgate, dup };
}
