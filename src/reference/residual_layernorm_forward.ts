import { layernormForward } from "./layernorm_forward.ts";
import { residualForward } from "./residual_forward.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/residual_layernorm_forward.wgsl: x, branch [rows, width] → their sum, y [rows, width], statistics. */
export function residualLayernormForward(
  x: Values,
  branch: Values,
  gain: Values,
  bias: Values,
  width: number,
): { sum: Float64Array; y: Float64Array; statistics: Float64Array } {
  const sum = residualForward(x, branch);
  return { sum, ...layernormForward(sum, gain, bias, width) };
}
