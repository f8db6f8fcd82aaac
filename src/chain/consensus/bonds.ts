/**
 * Bonds: what a validator holds in the neurons that it weighs, a moving average over epochs. Whoever sees a good miner
 * early holds more of it when the others follow. Two kinds: of the original Yuma, where a column is divided among
 * validators, and of Yuma 3, where each validator's bond grows towards its own weight, by a rate that may follow how far
 * that weight is from consensus ("liquid alpha").
 */
import {
  add,
  clamp,
  divide,
  exponential,
  type Fixed,
  fixed,
  millionths,
  multiply,
  ONE,
  subtract,
} from "./fixed_point.ts";
import { type Cell, joinRows, type Matrix, type Row } from "./sparse.ts";

/** Rates between which the sigmoid moves, and its steepness in hundredths. */
export interface LiquidAlpha {
  readonly low: Fixed;
  readonly high: Fixed;
  readonly steepness: number;
}

/** @param movingAverage what stays of the old, in millionths @returns what is taken of the new */
export const fixedRate = (movingAverage: bigint): Fixed => subtract(ONE, millionths(movingAverage));

/** rate × new + (1 − rate) × old, what is above zero */
export function averageBonds(next: Matrix, old: Matrix, rate: Fixed): Matrix {
  const kept = subtract(ONE, rate);
  return next.map((row, i) =>
    aboveZero(joinRows(row, old[i], (a, b) => add(multiply(rate, a), multiply(kept, b))))
  );
}

/**
 * The same with a rate for each cell, at most one. As on chain, a bond whose weight is gone goes at once instead of
 * fading.
 */
export function averageLiquidBonds(
  weights: Matrix,
  bonds: Matrix,
  consensus: readonly Fixed[],
  liquid: LiquidAlpha,
): Matrix {
  return weights.map((row, i) => {
    const held = new Map(bonds[i]);
    return aboveZero(row.map(([j, weight]): Cell => {
      const bond = held.get(j) ?? 0n;
      const rate = liquidRate(consensus[j], weight, bond, liquid);
      const bought = multiply(rate, weight);
      const value = add(multiply(subtract(ONE, rate), bond), bought > 0n ? bought : 0n);
      return [j, value < ONE ? value : ONE];
    }));
  });
}

/** Steeper the further a weight is above consensus when it buys, or a bond above its weight when it sells. */
export function liquidRate(
  consensus: Fixed,
  weight: Fixed,
  bond: Fixed,
  { low, high, steepness }: LiquidAlpha,
): Fixed {
  const distance = weight >= bond ? subtract(weight, consensus) : subtract(bond, weight);
  const offset = subtract(clamp(distance, 0n, ONE), ONE / 2n);
  const exponent = multiply(divide(fixed(steepness), fixed(-100)), offset);
  const sigmoid = divide(ONE, add(ONE, exponential(exponent)));
  return clamp(add(low, multiply(sigmoid, subtract(high, low))), low, high);
}

const aboveZero = (row: Row): Row => row.filter(([, value]) => value > 0n);
