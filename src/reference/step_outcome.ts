export interface StepOutcomeRule {
  readonly beta1: number;
  readonly beta2: number;
  readonly growthSteps: number;
  readonly minScale: number;
  readonly maxScale: number;
}

export interface OutcomeState {
  /** Steps that counted. */
  readonly steps: number;
  readonly lossScale: number;
  /** Steps since the scale last changed. */
  readonly goodSteps: number;
}

/** Twin of kernels/step_outcome.wgsl: the state after a step of norm `gradNorm`. */
export function stepOutcome(
  { steps, lossScale, goodSteps }: OutcomeState,
  gradNorm: number,
  { growthSteps, minScale, maxScale }: StepOutcomeRule,
): OutcomeState {
  if (!Number.isFinite(gradNorm)) {
    return { steps, lossScale: Math.max(lossScale / 2, minScale), goodSteps: 0 };
  }
  if (goodSteps + 1 >= growthSteps) {
    return { steps: steps + 1, lossScale: Math.min(lossScale * 2, maxScale), goodSteps: 0 };
  }
  return { steps: steps + 1, lossScale, goodSteps: goodSteps + 1 };
}

/** What `schedule` holds behind the learning rate: 1/(1 - β1ᵗ), 1/(1 - β2ᵗ), 1 - β1ᵗ, 1 - β2ᵗ. */
export function biasTerms({ steps }: OutcomeState, { beta1, beta2 }: StepOutcomeRule): Float64Array {
  const [first, second] = [1 - beta1 ** steps, 1 - beta2 ** steps];
  return Float64Array.of(1 / first, 1 / second, first, second);
}
