/**
 * Scores → the weights of an extrinsic, as bittensor's client does it: divide by the maximum, × 65535, round, drop zeros.
 * The best miner gets 65535; the chain normalises again, so only the ratios count. Pure arithmetic.
 */
import { chainError } from "./errors.ts";

const U16_MAX = 65535;

/**
 * @param scores uid → score, finite and not negative; any scale
 * @returns uids ascending, and as many values in 1…65535
 * @throws {SkeinError} `chain/bad-weights`
 */
export function scoresToWeights(scores: ReadonlyMap<number, number>): { uids: number[]; values: number[] } {
  let best = 0;
  for (const [uid, score] of scores) {
    if (!Number.isInteger(uid) || uid < 0 || uid > U16_MAX) {
      throw chainError(
        "chain/bad-weights",
        `set weights: uid ${uid}, an integer in 0…${U16_MAX} is required`,
      );
    }
    if (!Number.isFinite(score) || score < 0) {
      throw chainError(
        "chain/bad-weights",
        `set weights: score ${score} of uid ${uid}, a finite number not below zero is required`,
      );
    }
    best = Math.max(best, score);
  }
  if (best === 0) {
    throw chainError(
      "chain/bad-weights",
      `set weights: none of ${scores.size} scores is above zero, at least one is required, keep the last weights`,
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
