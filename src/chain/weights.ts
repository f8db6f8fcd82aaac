/**
 * Scores → the weights of an extrinsic, as bittensor's client does it: divide by the maximum, × 65535, round, drop zeros.
 * The best miner gets 65535; the chain normalises again, so only the ratios count. Pure arithmetic, and the subnet's rules
 * on the result, which the runtime would refuse after the call has been sent.
 */
import { chainError } from "./errors.ts";

const U16_MAX = 65535;

export interface WeightValues {
  readonly uids: number[];
  readonly values: number[];
}

export interface WeightRules {
  readonly neuronCount: number;
  readonly minAllowedWeights: number;
  /** Of 65535: the largest share of the sum that one uid may get. */
  readonly maxWeightsLimit: number;
  /** Whose weights they are: weights on itself alone are free of the rules. */
  readonly ownUid?: number;
}

/**
 * @param scores uid → score, finite and not negative; any scale
 * @returns uids ascending, and as many values in 1…65535
 * @throws {SkeinError} `chain/bad-weights`
 */
export function scoresToWeights(scores: ReadonlyMap<number, number>): WeightValues {
  let best = 0;
  for (const [uid, score] of scores) {
    if (!Number.isInteger(uid) || uid < 0 || uid > U16_MAX) {
      throw badWeights(`uid ${uid}, an integer in 0…${U16_MAX} is required`);
    }
    if (!Number.isFinite(score) || score < 0) {
      throw badWeights(`score ${score} of uid ${uid}, a finite number not below zero is required`);
    }
    best = Math.max(best, score);
  }
  if (best === 0) {
    throw badWeights(
      `none of ${scores.size} scores is above zero, at least one is required, keep the last weights`,
    );
  }
  const uids: number[] = [];
  const values: number[] = [];
  for (const [uid, score] of [...scores].sort(([a], [b]) => a - b)) {
    const value = Math.round((score / best) * U16_MAX);
    if (value === 0) continue;
    uids.push(uid);
    values.push(value);
  }
  return { uids, values };
}

/**
 * As `scoresToWeights`, and as the subnet allows it: no share above its limit, what is cut off goes to the others.
 * @throws {SkeinError} `chain/bad-weights`
 */
export function weightsWithin(scores: ReadonlyMap<number, number>, rules: WeightRules): WeightValues {
  const weights = scoresToWeights(scores);
  const unknown = weights.uids.find((uid) => uid >= rules.neuronCount);
  if (unknown !== undefined) {
    throw badWeights(
      `uid ${unknown}, uids below ${rules.neuronCount} are required, read the metagraph again`,
    );
  }
  const { uids } = weights;
  if (uids.length === 1 && uids[0] === rules.ownUid) return weights;
  // A subnet with fewer neurons than it demands weights is content with all of them.
  const least = Math.min(rules.minAllowedWeights, rules.neuronCount);
  if (uids.length < least) {
    throw badWeights(
      `${uids.length} of them above zero, this subnet requires at least ${least}, score more miners`,
    );
  }
  if (rules.maxWeightsLimit >= U16_MAX) return weights;
  if (uids.length * rules.maxWeightsLimit < U16_MAX) {
    const needed = Math.ceil(U16_MAX / Math.max(1, rules.maxWeightsLimit));
    throw badWeights(
      `${uids.length} of them above zero, this subnet allows none more than ${rules.maxWeightsLimit} of ${U16_MAX} of ` +
        `the sum, at least ${needed} are required, score more miners`,
    );
  }
  return scoresToWeights(
    new Map(uids.map((uid, i) => [uid, capped(weights.values, rules.maxWeightsLimit)[i]])),
  );
}

/**
 * Water-filling: those above the limit get it, and the rest keep their ratios in what is left of the sum. Ends after at most
 * one pass a value. @returns shares whose sum is 1
 */
function capped(values: readonly number[], maxWeightsLimit: number): number[] {
  // The others are rounded by half a unit each, of a sum of U16_MAX / allowed units: that much below, the limit holds.
  const allowed = maxWeightsLimit / U16_MAX;
  const limit = Math.max(1 / values.length, allowed - allowed ** 2 * values.length / U16_MAX);
  const isCapped = values.map(() => false);
  for (;;) {
    const free = values.filter((_, i) => !isCapped[i]).reduce((a, b) => a + b, 0);
    const left = 1 - limit * isCapped.filter(Boolean).length;
    const shares = values.map((value, i) => isCapped[i] ? limit : (value / free) * left);
    const over = shares.findIndex((share, i) => !isCapped[i] && share > limit);
    if (over < 0 || isCapped.filter(Boolean).length === values.length - 1) return shares;
    shares.forEach((share, i) => {
      if (share > limit) isCapped[i] = true;
    });
  }
}

function badWeights(found: string): Error {
  return chainError("chain/bad-weights", `set weights: ${found}`);
}
