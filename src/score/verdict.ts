/** From a comparison to a verdict, and the tolerances with their reasons. */
import type { DeltaComparison } from "./comparison.ts";

export type Verdict =
  /** The replay agrees. */
  | "verified"
  /** Another direction: other pages, other parameters, or no training at all. */
  | "wrong-direction"
  /** The right direction with another length: fewer or more steps, or a scaled copy. */
  | "wrong-length"
  /** The claimed change is zero, or as good as. */
  | "unchanged"
  /** NaN or infinity in the claim. */
  | "non-finite"
  /** No waypoint, or not the bytes that were signed. */
  | "missing"
  /** Not in the committed group of this step. */
  | "absent"
  /** The validator did not get to it, or its own replay failed: says nothing about the miner. */
  | "unchecked";

/**
 * Least cosine of an honest waypoint. The u8 codec costs about 1e-3 even where a block holds values 50 times
 * its spread (1e-4 on AdamW's, which are near one size; `test/unit/score`). The rest of the margin is for another adapter's order
 * of summation, which AdamW turns into a flipped ±learning-rate step wherever a gradient is mere rounding noise: cosine
 * 0.98 allows one flipped element in a hundred (1 − 2·0.01).
 */
export const MINIMUM_COSINE = 0.98;
/**
 * Honest lengths agree within the noise that cosine 0.98 allows: 1/0.98 − 1 ≈ 2 %. One step of four left out costs
 * about 25 %. A tenth lies between the two.
 */
export const RELATIVE_NORM_TOLERANCE = 0.1;
/** Below this share of the replay's length nothing was trained: far under what any one inner step moves. */
export const UNCHANGED_RELATIVE_NORM = 1e-3;

export interface Judgement {
  readonly verdict: Verdict;
  /** For people and receipts. */
  readonly reason: string;
}

/** @param comparison undefined when the waypoint could not be had or was not what had been signed */
export function judge(comparison: DeltaComparison | undefined): Judgement {
  if (comparison === undefined) return { verdict: "missing", reason: "no waypoint to replay" };
  const { cosine, relativeNorm, claimedNorm, replayedNorm } = comparison;
  if (!Number.isFinite(replayedNorm) || replayedNorm === 0) {
    return { verdict: "unchecked", reason: `the replay's own change has length ${replayedNorm}` };
  }
  if (!Number.isFinite(claimedNorm) || !Number.isFinite(cosine)) {
    return { verdict: "non-finite", reason: "the waypoint holds values that are not finite" };
  }
  if (relativeNorm < UNCHANGED_RELATIVE_NORM) {
    return {
      verdict: "unchanged",
      reason: `relative length ${relativeNorm.toExponential(1)}: nothing was trained`,
    };
  }
  if (cosine < MINIMUM_COSINE) {
    return {
      verdict: "wrong-direction",
      reason: `cosine ${cosine.toFixed(4)}, at least ${MINIMUM_COSINE} required`,
    };
  }
  if (Math.abs(relativeNorm - 1) > RELATIVE_NORM_TOLERANCE) {
    return {
      verdict: "wrong-length",
      reason: `relative length ${relativeNorm.toFixed(4)}, 1 ± ${RELATIVE_NORM_TOLERANCE} required`,
    };
  }
  return {
    verdict: "verified",
    reason: `cosine ${cosine.toFixed(4)}, relative length ${relativeNorm.toFixed(4)}`,
  };
}
