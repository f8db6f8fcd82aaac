/** Two curves of one training side by side. */
import type { Curve } from "./training.ts";

/** A curve as the other side records it (pytorch_training.py). */
export interface RecordedCurve extends Curve {
  /** Implementation, versions and precision. */
  readonly madeBy: string;
}

export interface Comparison {
  readonly steps: number;
  /** Largest |Δ| of a step's training loss in nats. */
  readonly largestTrainGap: number;
  /** Ours minus theirs at the last evaluation that both have. */
  readonly finalValidationGap: number;
  readonly largestValidationGap: number;
}

/** @throws when the curves were not made from the same parameters and tokens, or have no evaluation in common */
export function compareCurves(ours: Curve, theirs: Curve): Comparison {
  for (const name of ["parameters", "batches", "validation"] as const) {
    if (ours.digests[name] !== theirs.digests[name]) {
      throw new Error(
        `compare curves: digest of ${name} ${ours.digests[name]}, ${
          theirs.digests[name]
        } recorded; what a run ` +
          `starts from has changed, export and record again (bench/parity/pytorch_training.py)`,
      );
    }
  }
  const trainGaps = gaps(ours.trainLosses, theirs.trainLosses);
  const validationGaps = gaps(ours.validationLosses, theirs.validationLosses);
  return {
    steps: trainGaps.length,
    largestTrainGap: largest(trainGaps),
    finalValidationGap: validationGaps.at(-1)!,
    largestValidationGap: largest(validationGaps),
  };
}

function gaps(ours: readonly number[], theirs: readonly number[]): number[] {
  const count = Math.min(ours.length, theirs.length);
  if (count === 0) throw new Error("compare curves: no step in common");
  return Array.from({ length: count }, (_, i) => ours[i] - theirs[i]);
}

/** NaN when one of them is. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
