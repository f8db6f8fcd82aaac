import { erf } from "./erf.ts";
import type { Values } from "./values.ts";

export type GeluForm = "tanh" | "erf";

/** Twin of kernels/gelu_forward.wgsl. */
export function geluForward(x: Values, form: GeluForm = "tanh"): Float64Array {
  return Float64Array.from(
    x,
    (v) =>
      form === "erf"
        ? 0.5 * v * (1 + erf(v / Math.SQRT2))
        : 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
  );
}
