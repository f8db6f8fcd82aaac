import type { AdamwStep } from "./adamw.ts";
import type { Values } from "./values.ts";

/** Elements of a block. */
export const BLOCK = 128;

/** What Adam would take from parameter i, divided by the learning rate. */
export function lambDirection(parameters: Values, m: Values, v: Values, at: AdamwStep, i: number): number {
  const mHat = m[i] / (1 - at.beta1 ** at.step);
  const vHat = v[i] / (1 - at.beta2 ** at.step);
  const decay = i < at.decayElementCount ? at.weightDecay * parameters[i] : 0;
  return mHat / (Math.sqrt(vHat) + at.epsilon) + decay;
}

/**
 * Twin of kernels/lamb_moments.wgsl: updates m and v in place, or nothing when the norm is not finite.
 * @returns [blocks, 2]: Σ p², Σ r²
 */
export function lambMoments(
  gradients: Values,
  parameters: Values,
  m: Values,
  v: Values,
  at: AdamwStep,
): Float64Array {
  const norms = new Float64Array(2 * Math.ceil(parameters.length / BLOCK));
  if (!Number.isFinite(at.gradNorm)) return norms;
  const clip = Math.min(1, at.maxGradNorm / at.gradNorm) / at.lossScale;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradients[i] * clip;
    m[i] = at.beta1 * m[i] + (1 - at.beta1) * g;
    v[i] = at.beta2 * v[i] + (1 - at.beta2) * g * g;
    const block = Math.floor(i / BLOCK);
    norms[2 * block] += parameters[i] ** 2;
    norms[2 * block + 1] += lambDirection(parameters, m, v, at, i) ** 2;
  }
  return norms;
}
