/**
 * Another hotkey takes a hotkey's place, in one subnet or in all: its uid, what it has published, its family, and everybody's stake on
 * it. The owner pays; weights under a timelock and commitments stay with the old one, as on subtensor. The wait between two
 * swaps in a subnet counts from the first, as later runtimes count: by spec 293 a young chain would allow none.
 */
import { equalBytes, toHex } from "../../../../base/bytes.ts";
import { option } from "../../../scale/composite_types.ts";
import { u16 } from "../../../scale/primitive_types.ts";
import { burn, spendableRao } from "../accounts.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import type { TypedState } from "../typed_state.ts";
import * as child from "./child_storage.ts";
import { WeightCommits } from "./commit_storage.ts";
import { PaidHotkeys, TotalHotkeyAlphaLastEpoch } from "./epoch_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { createHotkey, ownsHotkey } from "./hotkeys.ts";
import { LastHotkeySwapOnNetuid, LastTxBlock, TxRateLimit } from "./rate_limit_storage.ts";
import { addStake, removeStake, stakeOfColdkey, stakersOn } from "./stake.ts";
import { Delegates, StakingHotkeys } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { allNetuids, requireSubnet } from "./subnets.ts";

export const KEY_SWAP_COST_RAO = 100_000_000n;
export const KEY_SWAP_ON_SUBNET_COST_RAO = 1_000_000n;
export const SWAP_INTERVAL_BLOCKS = 36_000n;

interface Swap {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

function swapHotkey(
  args: { hotkey: Uint8Array; new_hotkey: Uint8Array; netuid: number | undefined },
  context: CallContext,
): void {
  const { state, blockNumber } = context;
  const { netuid } = args;
  const coldkey = signerOf(context);
  const swap = { from: args.hotkey, to: args.new_hotkey };
  checkKeys(context, coldkey, swap);
  if (netuid !== undefined) requireSubnet(context, netuid);
  const netuids = netuid === undefined ? allNetuids(state) : [netuid];
  if (netuids.some((each) => state.has(at.Uids, each, swap.to))) {
    throw refuse("HotKeyAlreadyRegisteredInSubNet");
  }
  if (netuid !== undefined) checkInterval(context, coldkey, netuid);
  const costRao = netuid === undefined ? KEY_SWAP_COST_RAO : KEY_SWAP_ON_SUBNET_COST_RAO;
  if (spendableRao(context, coldkey) < costRao) throw refuse("NotEnoughBalanceToPaySwapHotKey");
  burn(context, coldkey, costRao);
  createHotkey(context, coldkey, swap.to);
  for (const each of netuids) swapOnSubnet(state, each, swap);
  state.set(LastTxBlock, BigInt(blockNumber), coldkey);
  const event = { coldkey, old_hotkey: swap.from, new_hotkey: swap.to };
  if (netuid === undefined) {
    forgetHotkey(state, coldkey, swap);
    context.deposit(SUBTENSOR, "HotkeySwapped", event);
  } else {
    state.set(LastHotkeySwapOnNetuid, BigInt(blockNumber), netuid, coldkey);
    context.deposit(SUBTENSOR, "HotkeySwappedOnSubnet", { ...event, netuid });
  }
}

/** @throws {DispatchFailure} NonAssociatedColdKey, NewHotKeyIsSameWithOld, HotKeySetTxRateLimitExceeded */
function checkKeys({ state, blockNumber }: CallContext, coldkey: Uint8Array, { from, to }: Swap): void {
  if (!ownsHotkey(state, coldkey, from)) throw refuse("NonAssociatedColdKey");
  if (state.has(at.Owner, to) && !ownsHotkey(state, coldkey, to)) throw refuse("NonAssociatedColdKey");
  if (equalBytes(from, to)) throw refuse("NewHotKeyIsSameWithOld");
  const last = state.get(LastTxBlock, coldkey);
  const limit = state.get(TxRateLimit);
  if (limit > 0n && last > 0n && BigInt(blockNumber) - last <= limit) {
    throw refuse("HotKeySetTxRateLimitExceeded");
  }
}

function checkInterval({ state, blockNumber }: CallContext, coldkey: Uint8Array, netuid: number): void {
  const last = state.get(LastHotkeySwapOnNetuid, netuid, coldkey);
  if (last > 0n && last + SWAP_INTERVAL_BLOCKS >= BigInt(blockNumber)) {
    throw refuse("HotKeySwapOnSubnetIntervalNotPassed");
  }
}

function swapOnSubnet(state: TypedState, netuid: number, swap: Swap): void {
  const { from, to } = swap;
  const uid = state.get(at.Uids, netuid, from);
  if (uid !== undefined) state.set(at.Keys, to, netuid, uid);
  for (const entry of BY_SUBNET_FIRST) move(state, entry, [netuid, from], [netuid, to]);
  for (const entry of BY_HOTKEY_FIRST) move(state, entry, [from, netuid], [to, netuid]);
  swapInFamilies(state, netuid, swap);
  if (equalBytes(state.get(subnet.SubnetOwnerHotkey, netuid), from)) {
    state.set(subnet.SubnetOwnerHotkey, to, netuid);
  }
  const paid = state.get(PaidHotkeys, netuid);
  if (paid.some((each) => equalBytes(each, from))) {
    state.set(PaidHotkeys, paid.map((each) => equalBytes(each, from) ? to : each), netuid);
  }
  for (const position of stakersOn(state, netuid).filter(({ hotkey }) => equalBytes(hotkey, from))) {
    const amountRao = stakeOfColdkey(state, from, position.coldkey, netuid);
    const taken = removeStake({ state }, { ...position, amountRao });
    addStake({ state }, { ...position, hotkey: to, amountRao: taken });
  }
}

/** Its children's parents and its parents' children, also those to be, are called by the new name. */
function swapInFamilies(state: TypedState, netuid: number, { from, to }: Swap): void {
  const renamed = (list: readonly child.Relative[]): child.Relative[] =>
    list.map(([share, hotkey]) => [share, equalBytes(hotkey, from) ? to : hotkey]);
  for (const [, each] of state.get(child.ChildKeys, to, netuid)) {
    state.set(child.ParentKeys, renamed(state.get(child.ParentKeys, each, netuid)), each, netuid);
  }
  for (const [, each] of state.get(child.ParentKeys, to, netuid)) {
    state.set(child.ChildKeys, renamed(state.get(child.ChildKeys, each, netuid)), each, netuid);
  }
  for (const key of state.keysOf(child.PendingChildKeys, netuid)) {
    const parent = key.slice(child.PENDING_HOTKEY_AT);
    const [children, fromBlock] = state.get(child.PendingChildKeys, netuid, parent);
    state.set(child.PendingChildKeys, [renamed(children), fromBlock], netuid, parent);
  }
}

/** What is kept by hotkey alone goes to the new one, and the coldkeys' lists lose the old. */
function forgetHotkey(state: TypedState, coldkey: Uint8Array, { from, to }: Swap): void {
  for (const entry of [Delegates, child.LastTxBlockDelegateTake]) move(state, entry, [from], [to]);
  state.remove(at.Owner, from);
  const without = (list: Uint8Array[]) => list.filter((each) => !equalBytes(each, from));
  state.set(at.OwnedHotkeys, without(state.get(at.OwnedHotkeys, coldkey)), coldkey);
  const stakers = new Map(stakersOfHotkey(state, to).map((each) => [toHex(each), each]));
  for (const staker of [...stakers.values(), coldkey]) {
    state.set(StakingHotkeys, without(state.get(StakingHotkeys, staker)), staker);
  }
}

const stakersOfHotkey = (state: TypedState, hotkey: Uint8Array): Uint8Array[] =>
  allNetuids(state).flatMap((netuid) =>
    stakersOn(state, netuid).filter((each) => equalBytes(each.hotkey, hotkey)).map((each) => each.coldkey)
  );

function move<K extends readonly unknown[]>(
  state: TypedState,
  entry: StorageEntry<K, any, any>,
  from: K,
  to: K,
): void {
  if (!state.has(entry, ...from)) return;
  state.set(entry, state.get(entry, ...from), ...to);
  state.remove(entry, ...from);
}

const BY_SUBNET_FIRST: readonly StorageEntry<[number, Uint8Array], any, any>[] = [
  ...[at.Uids, at.Axons, subnet.Prometheus, WeightCommits, child.PendingChildKeys],
  ...[subnet.AlphaDividendsPerSubnet, subnet.TaoDividendsPerSubnet],
];
const BY_HOTKEY_FIRST: readonly StorageEntry<[Uint8Array, number], any, any>[] = [
  ...[at.IsNetworkMember, child.ChildKeys, child.ParentKeys, child.ChildkeyTake, TotalHotkeyAlphaLastEpoch],
];
const eventFields = { coldkey: accountId, old_hotkey: accountId, new_hotkey: accountId };

export const hotkeySwaps: PalletPart = {
  calls: [
    call(70, "swap_hotkey", { hotkey: accountId, new_hotkey: accountId, netuid: option(u16) }, swapHotkey),
  ],
  events: {
    HotkeySwapped: [61, eventFields],
    HotkeySwappedOnSubnet: [95, { ...eventFields, netuid: u16 }],
  },
};
