/** Hyperparameters of the inner optimiser and its learning-rate schedule. The update itself is kernels/adamw.wgsl. */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled; matrices only. */
  readonly weightDecay: number;
  /** Gradients are scaled down to this global L2 norm; Infinity for no clipping. */
  readonly maxGradNorm: number;
}

export const DEFAULT_ADAMW: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxGradNorm: 1,
};

/**
 * The bias corrections of Adam's moments at `step` (from 1): 1/(1 - β1ᵗ) and 1/(1 - β2ᵗ).
 */
export function biasCorrections(options: AdamWOptions, step: number): readonly [number, number] {
  return [1 / (1 - options.beta1 ** step), 1 / (1 - options.beta2 ** step)];
}

export interface LearningRateSchedule {
  readonly peak: number;
  readonly floor: number;
  readonly warmupSteps: number;
  /** Steps until the floor is reached, warm-up included. */
  readonly totalSteps: number;
}

/** Linear warm-up, then half a cosine to the floor, then the floor. `step` from 0. */
export function learningRateAt(step: number, schedule: LearningRateSchedule): number {
  const { peak, floor, warmupSteps, totalSteps } = schedule;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  if (step >= totalSteps) return floor;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * progress));
}
