import { erf } from "./erf.ts";
import type { GeluForm } from "./gelu_forward.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/gelu_backward.wgsl: returns dx instead of overwriting dy. */
export function geluBackward(x: Values, dy: Values, form: GeluForm = "tanh"): Float64Array {
  const root = Math.sqrt(2 / Math.PI);
  return Float64Array.from(x, (v, i) => {
    if (form === "erf") {
      return dy[i] * (0.5 * (1 + erf(v / Math.SQRT2)) + v * Math.exp(-v * v / 2) / Math.sqrt(2 * Math.PI));
    }
    const t = Math.tanh(root * (v + 0.044715 * v ** 3));
    return dy[i] * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * root * (1 + 3 * 0.044715 * v * v));
  });
}
