/**
 * What a registration costs follows demand: at the end of each interval the price moves towards
 * price · (registrations + target) / (2 · target), by as much as AdjustmentAlpha, its inertia of 2⁶⁴ − 1, leaves. In an
 * interval with too few by burn the price of work falls instead. Numbers have 18 bits behind the point, as on subtensor.
 */
import type { CallContext } from "../pallet.ts";
import * as at from "./storage.ts";
import * as counts from "./registration_storage.ts";
import * as subnet from "./subnet_storage.ts";

const FRACTION_BITS = 18n;
const ONE = 1n << FRACTION_BITS;
const WHOLE_ALPHA = (1n << 64n) - 1n;

export interface Demand {
  readonly registrations: number;
  readonly target: number;
  /** Of 2⁶⁴ − 1. */
  readonly alpha: bigint;
  readonly least: bigint;
  readonly most: bigint;
}

/** The next price, or the next difficulty. */
export function adjustedPrice(price: bigint, { registrations, target, alpha, least, most }: Demand): bigint {
  const demanded = price * BigInt(registrations + target) * ONE;
  const updated = target === 0 ? 0n : demanded / BigInt(2 * target);
  const inertia = alpha * ONE / WHOLE_ALPHA;
  const next = inertia * price + (((ONE - inertia) * updated) >> FRACTION_BITS);
  if (next >= most * ONE) return most;
  if (next <= least * ONE) return least;
  return next >> FRACTION_BITS;
}

/** Run in each block: closes the last block's count and, at its end, the interval's. */
export function adjustRegistrations(context: CallContext, netuid: number): void {
  const { state, blockNumber } = context;
  const last = state.get(counts.LastAdjustmentBlock, netuid);
  const interval = BigInt(state.get(subnet.AdjustmentInterval, netuid));
  if (BigInt(blockNumber) - last >= interval) closeInterval(context, netuid);
  if (state.get(counts.RegistrationsThisBlock, netuid) > 0) {
    state.set(counts.RegistrationsThisBlock, 0, netuid);
  }
}

function closeInterval(context: CallContext, netuid: number): void {
  const { state, blockNumber } = context;
  const registrations = state.get(counts.RegistrationsThisInterval, netuid);
  const byBurn = state.get(counts.BurnRegistrationsThisInterval, netuid);
  const byWork = state.get(counts.POWRegistrationsThisInterval, netuid);
  const target = state.get(subnet.TargetRegistrationsPerInterval, netuid);
  const isFull = registrations > target;
  // Too many make the busier way dearer, too few the idler way cheaper; equals go together.
  if (byBurn === byWork || isFull === (byBurn > byWork)) adjustBurn(context, netuid, registrations, target);
  if (byBurn === byWork || isFull === (byWork > byBurn)) {
    adjustDifficulty(context, netuid, registrations, target);
  }
  state.set(counts.LastAdjustmentBlock, BigInt(blockNumber), netuid);
  for (
    const entry of [
      counts.RegistrationsThisInterval,
      counts.BurnRegistrationsThisInterval,
      counts.POWRegistrationsThisInterval,
    ]
  ) state.set(entry, 0, netuid);
}

function adjustBurn({ state }: CallContext, netuid: number, registrations: number, target: number): void {
  const demand = {
    registrations,
    target,
    alpha: state.get(subnet.AdjustmentAlpha, netuid),
    least: state.get(at.MinBurn, netuid),
    most: state.get(at.MaxBurn, netuid),
  };
  state.set(at.Burn, adjustedPrice(state.get(at.Burn, netuid), demand), netuid);
}

function adjustDifficulty({ state }: CallContext, netuid: number, registrations: number, target: number) {
  const demand = {
    registrations,
    target,
    alpha: state.get(subnet.AdjustmentAlpha, netuid),
    least: state.get(subnet.MinDifficulty, netuid),
    most: state.get(subnet.MaxDifficulty, netuid),
  };
  state.set(subnet.Difficulty, adjustedPrice(state.get(subnet.Difficulty, netuid), demand), netuid);
}
