/**
 * The weight on which enough stake agrees. Of each neuron, consensus is the largest weight that validators with κ of
 * the stake give it at least: the stake-weighted median of its column, searched with a pivot from the middle so that no
 * chance is needed.
 */
import { type Fixed, normalize, sum } from "./fixed_point.ts";
import type { Matrix } from "./sparse.ts";

/**
 * @param stake normalised @param scores as many
 * @param minority stake below the median: all of it less the majority asked for
 */
export function weightedMedian(
  stake: readonly Fixed[],
  scores: readonly Fixed[],
  minority: Fixed,
  stakeSum: Fixed = sum(stake),
): Fixed {
  let indices = stake.map((_, i) => i);
  // The part of all stake, lined up by score, in which the median must lie.
  let [low, high] = [0n, stakeSum];
  for (;;) {
    if (indices.length === 0) return 0n;
    const pivot = scores[indices[Math.floor(indices.length / 2)]];
    if (indices.length === 1) return pivot;
    const lower = indices.filter((i) => scores[i] < pivot);
    const upper = indices.filter((i) => scores[i] > pivot);
    const [below, above] = [stakeOfAll(stake, lower), stakeOfAll(stake, upper)];
    if (minority < low + below && lower.length > 0) {
      indices = lower;
      high = low + below;
    } else if (high - above <= minority && upper.length > 0) {
      indices = upper;
      low = high - above;
    } else return pivot;
  }
}

/** Of each column. Rows without stake have no say. */
export function weightedMedians(
  stake: readonly Fixed[],
  matrix: Matrix,
  columnCount: number,
  majority: Fixed,
): Fixed[] {
  const voters = stake.flatMap((value, i) => value > 0n ? [i] : []);
  const votes = normalize(voters.map((i) => stake[i]));
  const total = sum(votes);
  const scores = Array.from({ length: columnCount }, () => new Array<Fixed>(voters.length).fill(0n));
  voters.forEach((i, k) => {
    for (const [j, value] of matrix[i]) scores[j][k] = value;
  });
  return scores.map((column) => weightedMedian(votes, column, total - majority, total));
}

const stakeOfAll = (stake: readonly Fixed[], indices: readonly number[]) =>
  indices.reduce((total, i) => total + stake[i], 0n);
