/**
 * Ratings over outer steps and the scores that follow. A rating is an exponential mean of what a miner brought to
 * each committed step:
 *
 *   worth  = verified and committed ? samples / Σ samples of all verified and committed : 0
 *   rating = (1 − α)·rating + α·worth
 *
 * Who is missing from a step is worth 0 in it: at α = 0.4 a dead miner keeps 60 % after one step and 8 % after five.
 * Unverified claims do not enter the sum, so that a liar who claims a million samples dilutes nobody.
 */
import { assert } from "../base/assert.ts";
import type { Hotkey } from "../base/transport.ts";
import type { DeltaComparison } from "./comparison.ts";
import { judge, type Judgement, type Verdict } from "./verdict.ts";

export const DEFAULT_ALPHA = 0.4;
/** A rating below this is forgotten: a fifteenth of one of the 65535 steps of a weight on the chain. */
const FORGOTTEN_RATING = 1e-6;

export interface Rating {
  readonly hotkey: Hotkey;
  /** In [0, 1]. */
  readonly value: number;
}

/** What a validator knows of one miner in one committed outer step. */
export interface Observation {
  readonly hotkey: Hotkey;
  /** Named in the commit certificate. */
  readonly isCommitted: boolean;
  /** Sequences trained on, as signed in *ready*. */
  readonly samples: number;
  /** Of the replayed waypoint, or the judgement when there was nothing to compare. */
  readonly evidence: DeltaComparison | Judgement | undefined;
}

/** Why a miner's rating is what it is. */
export interface Receipt {
  readonly hotkey: Hotkey;
  readonly outerStep: number;
  readonly verdict: Verdict;
  readonly reason: string;
  /** null where nothing was compared, or the value is not finite. */
  readonly cosine: number | null;
  readonly relativeNorm: number | null;
  /** This step's worth, in [0, 1]. */
  readonly worth: number;
  /** After this step. */
  readonly rating: number;
}

export interface RatingOptions {
  /** In (0, 1]: how much the newest step counts. */
  readonly alpha?: number;
  /** Most samples a miner can have trained on in one outer step; claims above it count as this. */
  readonly maxSamples: number;
}

/**
 * One committed outer step. Miners rated before and not observed now count as absent.
 * @returns ratings for the next call (plain data, to be saved as it is) and a receipt for each miner
 */
export function rateStep(
  previous: readonly Rating[],
  outerStep: number,
  observations: readonly Observation[],
  options: RatingOptions,
): { ratings: Rating[]; receipts: Receipt[] } {
  const alpha = options.alpha ?? DEFAULT_ALPHA;
  assert(alpha > 0 && alpha <= 1 && options.maxSamples > 0, "ratings: alpha in (0, 1], maxSamples above 0");
  const before = new Map(previous.map((rating) => [rating.hotkey, sane(rating.value, 1)]));
  const judged = observations.map((seen) => ({ seen, judgement: judgementOf(seen) }));
  const credit = (seen: Observation, { verdict }: Judgement) =>
    verdict === "verified" ? sane(seen.samples, options.maxSamples) : 0;
  const total = judged.reduce((sum, { seen, judgement }) => sum + credit(seen, judgement), 0);

  const receipts: Receipt[] = judged.map(({ seen, judgement }) => {
    const old = before.get(seen.hotkey) ?? 0;
    before.delete(seen.hotkey);
    const worth = total > 0 ? credit(seen, judgement) / total : 0;
    const isUnknown = judgement.verdict === "unchecked";
    const rating = isUnknown ? old : (1 - alpha) * old + alpha * worth;
    const comparison = seen.evidence !== undefined && "cosine" in seen.evidence ? seen.evidence : undefined;
    return {
      hotkey: seen.hotkey,
      outerStep,
      ...judgement,
      cosine: finiteOrNull(comparison?.cosine),
      relativeNorm: finiteOrNull(comparison?.relativeNorm),
      worth,
      rating,
    };
  });
  for (const [hotkey, old] of before) {
    receipts.push({
      hotkey,
      outerStep,
      verdict: "absent",
      reason: "not in the committed group",
      cosine: null,
      relativeNorm: null,
      worth: 0,
      rating: (1 - alpha) * old,
    });
  }
  const ratings = receipts
    .filter((receipt) => receipt.rating >= FORGOTTEN_RATING)
    .map(({ hotkey, rating }) => ({ hotkey, value: rating }));
  return { ratings, receipts };
}

/**
 * Shares of the reward: not negative, sum 1, or empty when nobody has earned any.
 * @param uidOf undefined for a hotkey that is no longer registered: left out
 */
export function normalisedScores(
  ratings: readonly Rating[],
  uidOf: (hotkey: Hotkey) => number | undefined,
): Map<number, number> {
  const scores = new Map<number, number>();
  let total = 0;
  for (const { hotkey, value } of ratings) {
    const uid = uidOf(hotkey);
    const worth = sane(value, 1);
    if (uid === undefined || worth === 0) continue;
    assert(!scores.has(uid), "scores: one hotkey a uid");
    scores.set(uid, worth);
    total += worth;
  }
  for (const [uid, worth] of scores) scores.set(uid, worth / total);
  return scores;
}

function judgementOf(seen: Observation): Judgement {
  if (!seen.isCommitted) return { verdict: "absent", reason: "not in the committed group" };
  if (seen.evidence !== undefined && "verdict" in seen.evidence) return seen.evidence;
  return judge(seen.evidence);
}

/** Clamped to [0, limit]; NaN and negative values are 0. */
function sane(value: number, limit: number): number {
  return value > 0 ? Math.min(value, limit) : 0;
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
