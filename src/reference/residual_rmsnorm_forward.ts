import { residualForward } from "./residual_forward.ts";
import { rmsnormForward } from "./rmsnorm_forward.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/residual_rmsnorm_forward.wgsl: x, branch [rows, width] → their sum, y [rows, width], rstd [rows]. */
export function residualRmsnormForward(
  x: Values,
  branch: Values,
  gain: Values,
  width: number,
): { sum: Float64Array; y: Float64Array; rstd: Float64Array } {
  const sum = residualForward(x, branch);
  return { sum, ...rmsnormForward(sum, gain, width) };
}
