import type { Values } from "./values.ts";

export interface AdamwStep {
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly decayElementCount: number;
  /** ‖gradient‖₂ without the loss scale. */
  readonly gradNorm: number;
  /** What the gradients given are multiplied by. */
  readonly lossScale: number;
}

/** Twin of kernels/adamw.wgsl: updates parameters, m and v in place, or nothing when the norm is not finite. */
export function adamw(gradients: Values, parameters: Values, m: Values, v: Values, at: AdamwStep): void {
  if (!Number.isFinite(at.gradNorm)) return;
  const factor = Math.min(1, at.maxGradNorm / at.gradNorm) / at.lossScale;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradients[i] * factor;
    m[i] = at.beta1 * m[i] + (1 - at.beta1) * g;
    v[i] = at.beta2 * v[i] + (1 - at.beta2) * g * g;
    const mHat = m[i] / (1 - at.beta1 ** at.step);
    const vHat = v[i] / (1 - at.beta2 ** at.step);
    const decay = i < at.decayElementCount ? at.weightDecay * parameters[i] : 0;
    parameters[i] -= at.learningRate * (mHat / (Math.sqrt(vHat) + at.epsilon) + decay);
  }
}
