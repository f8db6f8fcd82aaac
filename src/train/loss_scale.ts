/**
 * Loss scaling for f16 (Micikevicius et al. 2018): gradients below 6·10⁻⁸ vanish in halves, so the loss is multiplied by a
 * scale before the backward pass and the gradients divided by it after, in the norm and in the update. A step whose
 * gradients overflow is skipped and the scale halved; after enough good steps it is doubled. Powers of two, so that nothing
 * is rounded. The scale lives on the device (`scaling[1]`, kernels/step_outcome.wgsl) and starts anew with every load of
 * parameters, so that a replay takes the same steps.
 */
import type { Precision } from "../gpu/mod.ts";

export interface LossScaleOptions {
  readonly initial: number;
  /** Good steps in a row after which the scale doubles. */
  readonly growthSteps: number;
  readonly minScale: number;
  readonly maxScale: number;
}

const RULE = { growthSteps: 500, minScale: 1, maxScale: 2 ** 24 };

/**
 * Starts as low as precision allows, because a validator that replays in f32 skips no step: dlogits reach 2, which leaves
 * their gradients a factor 2¹⁵ to grow, and those of a word as likely as any other are normal halves. (Measured on pico:
 * gradients are as exact at 2⁶ as at 2¹⁶, where one step in five outer steps overflowed.)
 */
export function defaultLossScale(rows: number, vocabSize: number): LossScaleOptions {
  return { ...RULE, initial: 2 ** Math.ceil(Math.log2(rows * Math.max(2, vocabSize / 2 ** 12))) };
}

/** What `scaling` holds behind the weight of a row when parameters are loaded: scale and good steps. */
export function initialScaling(precision: Precision, { initial }: LossScaleOptions): Float32Array {
  return Float32Array.of(precision === "f16" ? initial : 1, 0);
}

/** The rule of a precision, as kernels/step_outcome.wgsl wants it: f32's scale stays 1. */
export function lossScaleConstants(
  precision: Precision,
  { growthSteps, minScale, maxScale }: LossScaleOptions,
) {
  return precision === "f16"
    ? { GROWTH_STEPS: growthSteps, MIN_SCALE: minScale, MAX_SCALE: maxScale }
    : { GROWTH_STEPS: 1, MIN_SCALE: 1, MAX_SCALE: 1 };
}
