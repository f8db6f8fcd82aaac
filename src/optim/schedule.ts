/**
 * The inner learning rate: linear warm-up from 1/warmupSteps of the peak, then a half cosine down to
 * finalShare · peak, then flat (Loshchilov and Hutter, "SGDR", 2017). Steps are counted over the whole run, not within
 * an outer step, or restarted by the caller as it likes.
 *
 *   step < warmupSteps   peak · (step + 1) / warmupSteps
 *   otherwise            peak · (final + (1 - final) · (1 + cos(π · t)) / 2),  t = (step - warmup) / (total - warmup)
 */
import { assert } from "../base/assert.ts";

export interface ScheduleOptions {
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  /** Step at which the cosine reaches its floor; Infinity holds the peak. */
  readonly totalSteps: number;
  /** In [0, 1]. */
  readonly finalShare: number;
}

/** @returns step, counted from 0 → learning rate */
export function warmupCosine(options: ScheduleOptions): (step: number) => number {
  const { peakLearningRate, warmupSteps, totalSteps, finalShare } = options;
  assert(peakLearningRate > 0 && finalShare >= 0 && finalShare <= 1, "schedule: rates in range");
  assert(warmupSteps >= 0 && totalSteps > warmupSteps, "schedule: warm-up ends before the total");
  return (step) => {
    assert(step >= 0, "schedule: step counted from 0");
    if (step < warmupSteps) return (peakLearningRate * (step + 1)) / warmupSteps;
    const t = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    return peakLearningRate * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * t))) / 2);
  };
}
