/** Coldkeys stake on hotkeys and take it back. Prices stand still, so a limit lets all of an amount through or none. */
import { option } from "../../../scale/composite_types.ts";
import { bool, u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, DispatchFailure, type PalletPart, signerOf } from "../pallet.ts";
import { refuse } from "./failure.ts";
import { stakeOfColdkey } from "./stake.ts";
import {
  ALPHA_PRICE_RAO,
  type Amount,
  buyStake,
  checkStaking,
  checkUnstaking,
  enterStake,
  leaveStake,
  requireHotkey,
  sellStake,
} from "./staking.ts";
import { SubtokenEnabled } from "./subnet_storage.ts";
import { allNetuids, ROOT_NETUID } from "./subnets.ts";

interface Staking {
  hotkey: Uint8Array;
  netuid: number;
}

function addStake(args: Staking & { amount_staked: bigint }, context: CallContext): void {
  const amount = amountOf(args, args.amount_staked, context);
  checkStaking(context, amount);
  buyStake(context, amount);
}

function addStakeLimit(args: Staking & { amount_staked: bigint; limit_price: bigint }, context: CallContext) {
  if (args.limit_price < ALPHA_PRICE_RAO) throw refuse("ZeroMaxStakeAmount");
  addStake(args, context);
}

function removeStake(args: Staking & { amount_unstaked: bigint }, context: CallContext): void {
  const amount = amountOf(args, args.amount_unstaked, context);
  checkUnstaking(context, amount);
  sellStake(context, amount);
}

function removeStakeLimit(
  args: Staking & { amount_unstaked: bigint; limit_price: bigint },
  context: CallContext,
): void {
  if (args.limit_price > ALPHA_PRICE_RAO) throw refuse("ZeroMaxStakeAmount");
  removeStake(args, context);
}

/** All of it. */
function removeStakeFullLimit(
  args: Staking & { limit_price: bigint | undefined },
  context: CallContext,
): void {
  const amount_unstaked = stakeOfColdkey(context.state, args.hotkey, signerOf(context), args.netuid);
  removeStakeLimit({ ...args, amount_unstaked, limit_price: args.limit_price ?? 0n }, context);
}

/** From every subnet; one that does not let it go is passed over. */
function unstakeAll({ hotkey }: { hotkey: Uint8Array }, context: CallContext): void {
  requireHotkey(context, hotkey);
  for (const amount of removable(hotkey, context)) sellStake(context, amount);
}

/** From every subnet but root, and onto root. */
function unstakeAllAlpha({ hotkey }: { hotkey: Uint8Array }, context: CallContext): void {
  requireHotkey(context, hotkey);
  let amountRao = 0n;
  for (const amount of removable(hotkey, context)) {
    if (amount.netuid !== ROOT_NETUID) amountRao += leaveStake(context, amount);
  }
  if (amountRao === 0n) throw refuse("AmountTooLow");
  enterStake(context, { hotkey, coldkey: signerOf(context), netuid: ROOT_NETUID, amountRao });
}

function removable(hotkey: Uint8Array, context: CallContext): Amount[] {
  const coldkey = signerOf(context);
  return allNetuids(context.state)
    .filter((netuid) => context.state.get(SubtokenEnabled, netuid))
    .map((netuid) => {
      const amountRao = stakeOfColdkey(context.state, hotkey, coldkey, netuid);
      return { hotkey, coldkey, netuid, amountRao };
    })
    .filter((amount) => passes(() => checkUnstaking(context, amount)));
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof DispatchFailure) return false;
    throw error;
  }
}

const amountOf = ({ hotkey, netuid }: Staking, amountRao: bigint, context: CallContext): Amount => ({
  hotkey,
  netuid,
  amountRao,
  coldkey: signerOf(context),
});

const side = { hotkey: accountId, netuid: u16 };
const limits = { limit_price: u64, allow_partial: bool };
const eventFields = [accountId, accountId, u64, u64, u16, u64];

export const staking: PalletPart = {
  calls: [
    call(2, "add_stake", { ...side, amount_staked: u64 }, addStake),
    call(3, "remove_stake", { ...side, amount_unstaked: u64 }, removeStake),
    call(83, "unstake_all", { hotkey: accountId }, unstakeAll),
    call(84, "unstake_all_alpha", { hotkey: accountId }, unstakeAllAlpha),
    call(88, "add_stake_limit", { ...side, amount_staked: u64, ...limits }, addStakeLimit),
    call(89, "remove_stake_limit", { ...side, amount_unstaked: u64, ...limits }, removeStakeLimit),
    call(103, "remove_stake_full_limit", { ...side, limit_price: option(u64) }, removeStakeFullLimit),
  ],
  events: { StakeAdded: [2, eventFields], StakeRemoved: [3, eventFields] },
};
