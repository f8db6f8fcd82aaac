/** Stake changes its hotkey, its coldkey or its subnet without becoming free balance on the way. */
import { bool, u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { equalBytes } from "../../../../base/bytes.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { stakeOfColdkey, type StakePosition } from "./stake.ts";
import { ALPHA_PRICE_RAO, enterStake, leaveStake, MIN_STAKE_RAO, requireHotkey } from "./staking.ts";
import { TransferToggle } from "./subnet_storage.ts";
import { requireStarted, requireSubnet } from "./subnets.ts";

interface Move {
  readonly from: StakePosition;
  readonly to: StakePosition;
  readonly amountRao: bigint;
}

function moveStake(
  args: {
    origin_hotkey: Uint8Array;
    destination_hotkey: Uint8Array;
    origin_netuid: number;
    destination_netuid: number;
    alpha_amount: bigint;
  },
  context: CallContext,
): void {
  const coldkey = signerOf(context);
  const from = { coldkey, hotkey: args.origin_hotkey, netuid: args.origin_netuid };
  const to = { coldkey, hotkey: args.destination_hotkey, netuid: args.destination_netuid };
  const moved = move(context, { from, to, amountRao: args.alpha_amount });
  const value = [coldkey, from.hotkey, from.netuid, to.hotkey, to.netuid, moved];
  context.deposit(SUBTENSOR, "StakeMoved", value);
}

interface BetweenSubnets {
  hotkey: Uint8Array;
  origin_netuid: number;
  destination_netuid: number;
  alpha_amount: bigint;
}

/** To another coldkey. */
function transferStake(args: BetweenSubnets & { destination_coldkey: Uint8Array }, context: CallContext) {
  const { hotkey } = args;
  const from = { coldkey: signerOf(context), hotkey, netuid: args.origin_netuid };
  const to = { coldkey: args.destination_coldkey, hotkey, netuid: args.destination_netuid };
  const moved = move(context, { from, to, amountRao: args.alpha_amount }, (netuid) => {
    if (!context.state.get(TransferToggle, netuid)) throw refuse("TransferDisallowed");
  });
  const value = [from.coldkey, to.coldkey, hotkey, from.netuid, to.netuid, moved];
  context.deposit(SUBTENSOR, "StakeTransferred", value);
}

function swapStake(args: BetweenSubnets, context: CallContext): void {
  const { hotkey } = args;
  const coldkey = signerOf(context);
  const from = { coldkey, hotkey, netuid: args.origin_netuid };
  const to = { coldkey, hotkey, netuid: args.destination_netuid };
  const moved = move(context, { from, to, amountRao: args.alpha_amount });
  context.deposit(SUBTENSOR, "StakeSwapped", [coldkey, hotkey, from.netuid, to.netuid, moved]);
}

/** @param args.limit_price of the one token in the other, in billionths */
function swapStakeLimit(args: BetweenSubnets & { limit_price: bigint }, context: CallContext): void {
  if (args.limit_price > ALPHA_PRICE_RAO) throw refuse("ZeroMaxStakeAmount");
  swapStake(args, context);
}

/** @param mayPass asked of each subnet after all other checks. @returns what was moved */
function move(context: CallContext, each: Move, mayPass: (netuid: number) => void = () => {}): bigint {
  const { from, to, amountRao } = each;
  const isSameHolder = equalBytes(from.coldkey, to.coldkey) && equalBytes(from.hotkey, to.hotkey);
  if (isSameHolder && from.netuid === to.netuid) throw refuse("SameNetuid");
  const netuids = new Set([from.netuid, to.netuid]);
  for (const netuid of netuids) requireSubnet(context, netuid);
  for (const netuid of netuids) requireStarted(context, netuid);
  requireHotkey(context, from.hotkey);
  requireHotkey(context, to.hotkey);
  const heldRao = stakeOfColdkey(context.state, from.hotkey, from.coldkey, from.netuid);
  if (amountRao > heldRao) throw refuse("NotEnoughStakeToWithdraw");
  if (amountRao < MIN_STAKE_RAO) throw refuse("AmountTooLow");
  for (const netuid of netuids) mayPass(netuid);
  const moved = leaveStake(context, { ...from, amountRao });
  enterStake(context, { ...to, amountRao: moved });
  return moved;
}

const betweenSubnets = { hotkey: accountId, origin_netuid: u16, destination_netuid: u16, alpha_amount: u64 };
const moveArgs = {
  origin_hotkey: accountId,
  destination_hotkey: accountId,
  origin_netuid: u16,
  destination_netuid: u16,
  alpha_amount: u64,
};
const transferArgs = { destination_coldkey: accountId, ...betweenSubnets };
const limitArgs = { ...betweenSubnets, limit_price: u64, allow_partial: bool };

export const stakeMoves: PalletPart = {
  calls: [
    call(85, "move_stake", moveArgs, moveStake),
    call(86, "transfer_stake", transferArgs, transferStake),
    call(87, "swap_stake", betweenSubnets, swapStake),
    call(90, "swap_stake_limit", limitArgs, swapStakeLimit),
  ],
  events: {
    StakeMoved: [4, [accountId, accountId, u16, accountId, u16, u64]],
    StakeTransferred: [84, [accountId, accountId, accountId, u16, u16, u64]],
    StakeSwapped: [85, [accountId, accountId, u16, u16, u64]],
  },
};
