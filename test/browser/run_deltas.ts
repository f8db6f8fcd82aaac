/**
 * How far two runs over the same batches from the same parameters lie apart. Replay judges a miner by the *update* (end
 * minus start) it claims, so that is measured as replay would: relative norm of the difference, and one minus the cosine.
 */
import { type VectorDelta, vectorDelta } from "../vector_delta.ts";
import type { TrainingRun } from "./training_run.ts";

export const QUANTITIES = ["gradients", "loss", "gradient norm", "parameters", "update"] as const;

export interface Delta extends VectorDelta {
  readonly quantity: typeof QUANTITIES[number];
}

/**
 * What two adapters may differ by after ten steps of pico, as `relative`. About ten times what llvmpipe and SwiftShader
 * differ by, since a third adapter may fuse multiply and add, sum in another order, or have a coarser exp.
 * - gradients: sums of a few hundred products through two layers and back; each tensor's noise is some ulps of its largest terms.
 * - loss, gradient norm: a mean and a root of sums of thousands of terms, good to an ulp or two (6e-8 each).
 * - update: AdamW divides a gradient by its own size, so where a gradient is small beside the roundings of its sum
 *   the update keeps few digits: hundreds of times the error of the gradients. A miner that trained on other data, or not
 *   at all, differs by about one.
 * - parameters: the same differences, beside parameters that are fourteen times as large as the update.
 */
export const ALLOWED_RELATIVE: Readonly<Record<Delta["quantity"], number>> = {
  "gradients": 5e-6,
  "loss": 1e-6,
  "gradient norm": 2e-6,
  "parameters": 2e-5,
  "update": 3e-4,
};

/** From `run` to `base`. */
export function runDeltas(run: TrainingRun, base: TrainingRun): Delta[] {
  return [
    deltaOf("gradients", run.gradients, base.gradients),
    deltaOf("loss", run.losses, base.losses),
    deltaOf("gradient norm", run.gradNorms, base.gradNorms),
    deltaOf("parameters", run.end, base.end),
    deltaOf("update", difference(run.end, run.start), difference(base.end, base.start)),
  ];
}

function deltaOf(quantity: Delta["quantity"], a: ArrayLike<number>, b: ArrayLike<number>): Delta {
  return { quantity, ...vectorDelta(a, b) };
}

function difference(a: Float32Array, b: Float32Array): Float64Array {
  return Float64Array.from(a, (value, i) => value - b[i]);
}
