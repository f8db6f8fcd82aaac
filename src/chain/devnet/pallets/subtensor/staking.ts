/**
 * What moves TAO into stake and back, for all calls that do. A subnet's alpha is worth one TAO here, whatever its pool
 * holds: no price moves, no fee is taken, and a price limit is met or it is not.
 */
import { burn, mint, spendableRao } from "../accounts.ts";
import type { CallContext } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { addStake, removeStake, stakeOfColdkey, type StakePosition } from "./stake.ts";
import { TotalStake } from "./stake_storage.ts";
import { Owner } from "./storage.ts";
import { SubnetAlphaOut, SubnetTAO, SubnetVolume } from "./subnet_storage.ts";
import { requireStarted, requireSubnet } from "./subnets.ts";

/** Less is refused, except as the whole of what is left. */
export const MIN_STAKE_RAO = 2_000_000n;
export const ALPHA_PRICE_RAO = 1_000_000_000n;
const NO_FEE_RAO = 0n;

export type Amount = StakePosition & { readonly amountRao: bigint };

/** @throws {DispatchFailure} */
export function checkStaking(context: CallContext, { coldkey, hotkey, netuid, amountRao }: Amount): void {
  requireSubnet(context, netuid);
  requireStarted(context, netuid);
  if (amountRao < MIN_STAKE_RAO) throw refuse("AmountTooLow");
  if (spendableRao(context, coldkey) < amountRao) throw refuse("NotEnoughBalanceToStake");
  requireHotkey(context, hotkey);
}

/** @throws {DispatchFailure} */
export function checkUnstaking(context: CallContext, { coldkey, hotkey, netuid, amountRao }: Amount): void {
  requireSubnet(context, netuid);
  requireStarted(context, netuid);
  const heldRao = stakeOfColdkey(context.state, hotkey, coldkey, netuid);
  if (amountRao === 0n || (amountRao < MIN_STAKE_RAO && amountRao !== heldRao)) throw refuse("AmountTooLow");
  requireHotkey(context, hotkey);
  if (heldRao < amountRao) throw refuse("NotEnoughStakeToWithdraw");
}

/** @throws {DispatchFailure} HotKeyAccountNotExists */
export function requireHotkey({ state }: CallContext, hotkey: Uint8Array): void {
  if (!state.has(Owner, hotkey)) throw refuse("HotKeyAccountNotExists");
}

/** Out of the coldkey's free balance. */
export function buyStake(context: CallContext, amount: Amount): void {
  burn(context, amount.coldkey, amount.amountRao);
  enterStake(context, amount);
}

/** Into the coldkey's free balance. */
export function sellStake(context: CallContext, amount: Amount): void {
  mint(context, amount.coldkey, leaveStake(context, amount));
}

/** TAO that has left an account becomes stake. */
export function enterStake(context: CallContext, { hotkey, coldkey, netuid, amountRao }: Amount): void {
  count(context, netuid, amountRao);
  addStake(context, { hotkey, coldkey, netuid, amountRao });
  context.deposit(SUBTENSOR, "StakeAdded", [coldkey, hotkey, amountRao, amountRao, netuid, NO_FEE_RAO]);
}

/** @returns the TAO that it was worth, which nobody has yet */
export function leaveStake(context: CallContext, amount: Amount): bigint {
  const { hotkey, coldkey, netuid } = amount;
  const taken = removeStake(context, amount);
  count(context, netuid, -taken);
  context.deposit(SUBTENSOR, "StakeRemoved", [coldkey, hotkey, taken, taken, netuid, NO_FEE_RAO]);
  return taken;
}

/** Stake that emission has made was never paid for: totals of what was paid stop at nothing. */
function count({ state }: CallContext, netuid: number, amountRao: bigint): void {
  const moved = amountRao < 0n ? -amountRao : amountRao;
  state.set(TotalStake, atLeastZero(state.get(TotalStake) + amountRao));
  state.set(SubnetTAO, atLeastZero(state.get(SubnetTAO, netuid) + amountRao), netuid);
  state.set(SubnetAlphaOut, atLeastZero(state.get(SubnetAlphaOut, netuid) + amountRao), netuid);
  state.set(SubnetVolume, state.get(SubnetVolume, netuid) + moved, netuid);
}

const atLeastZero = (value: bigint) => value > 0n ? value : 0n;
