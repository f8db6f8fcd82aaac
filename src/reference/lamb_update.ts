import type { AdamwStep } from "./adamw.ts";
import { BLOCK, lambDirection } from "./lamb_moments.ts";
import type { Values } from "./values.ts";

/** Twin of kernels/lamb_update.wgsl: updates parameters in place. ratios [tensors], tensorOf [blocks]. */
export function lambUpdate(
  parameters: Values,
  m: Values,
  v: Values,
  { ratios, tensorOf }: { ratios: Values; tensorOf: Uint32Array },
  at: AdamwStep,
): void {
  if (!Number.isFinite(at.gradNorm)) return;
  for (let i = 0; i < parameters.length; i++) {
    const ratio = ratios[tensorOf[Math.floor(i / BLOCK)]];
    parameters[i] -= at.learningRate * ratio * lambDirection(parameters, m, v, at, i);
  }
}
