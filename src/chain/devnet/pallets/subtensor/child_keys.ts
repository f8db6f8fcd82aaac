/**
 * A hotkey's owner gives others shares of its stake's weight in a subnet: child keys. They become so with the first epoch
 * after a cool-down, and stay until others are set. Checks come in the order of spec 293.
 */
import { equalBytes } from "../../../../base/bytes.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import type { TypedState } from "../typed_state.ts";
import {
  ChildKeys,
  ChildkeyTake,
  MaxChildkeyTake,
  MinChildkeyTake,
  ParentKeys,
  PENDING_HOTKEY_AT,
  PendingChildKeyCooldown,
  PendingChildKeys,
  type Relative,
  relatives,
  TxChildkeyTakeRateLimit,
} from "./child_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { ownsHotkey } from "./hotkeys.ts";
import { TransactionKeyLastBlock } from "./rate_limit_storage.ts";
import { stakeOf } from "./stake.ts";
import { StakeThreshold } from "./stake_storage.ts";
import { SubnetOwnerHotkey, SubtokenEnabled } from "./subnet_storage.ts";
import { allNetuids, requireSubnet, ROOT_NETUID } from "./subnets.ts";

const MAX_CHILDREN = 5;
const WHOLE_SHARE = (1n << 64n) - 1n;
/** Kinds of transactions that are limited by hotkey and subnet. */
const SET_CHILDREN = 0;
const SET_CHILDKEY_TAKE = 1;
const SET_CHILDREN_LIMIT_BLOCKS = 150n;

interface OnSubnet {
  hotkey: Uint8Array;
  netuid: number;
}

function setChildren(args: OnSubnet & { children: Relative[] }, context: CallContext): void {
  const { hotkey, netuid, children } = args;
  const { state, blockNumber } = context;
  const coldkey = signerOf(context);
  requireRate(context, args, SET_CHILDREN, SET_CHILDREN_LIMIT_BLOCKS, "TxRateLimitExceeded");
  if (netuid === ROOT_NETUID) throw refuse("RegistrationNotPermittedOnRootSubnet");
  requireSubnet(context, netuid);
  if (!ownsHotkey(state, coldkey, hotkey)) throw refuse("NonAssociatedColdKey");
  checkChildren(hotkey, children);
  const owner = state.get(SubnetOwnerHotkey, netuid);
  if (
    children.length > 0 && !equalBytes(owner, hotkey) && allStakeOf(state, hotkey) < state.get(StakeThreshold)
  ) {
    throw refuse("NotEnoughStakeToSetChildkeys");
  }
  state.set(TransactionKeyLastBlock, BigInt(blockNumber), hotkey, netuid, SET_CHILDREN);
  const fromBlock = BigInt(blockNumber) + state.get(PendingChildKeyCooldown);
  state.set(PendingChildKeys, [children, fromBlock], netuid, hotkey);
  context.deposit(SUBTENSOR, "SetChildrenScheduled", [hotkey, netuid, fromBlock, children]);
}

/** @throws {DispatchFailure} TooManyChildren, InvalidChild, ProportionOverflow, DuplicateChild */
function checkChildren(hotkey: Uint8Array, children: readonly Relative[]): void {
  if (children.length > MAX_CHILDREN) throw refuse("TooManyChildren");
  if (children.some(([, child]) => equalBytes(child, hotkey))) throw refuse("InvalidChild");
  if (children.reduce((sum, [share]) => sum + share, 0n) > WHOLE_SHARE) throw refuse("ProportionOverflow");
  const isAgain = ([, child]: Relative, i: number) =>
    children.slice(0, i).some(([, before]) => equalBytes(before, child));
  if (children.some(isAgain)) throw refuse("DuplicateChild");
}

function setChildkeyTake(args: OnSubnet & { take: number }, context: CallContext): void {
  const { hotkey, netuid, take } = args;
  const { state, blockNumber } = context;
  if (!ownsHotkey(state, signerOf(context), hotkey)) throw refuse("NonAssociatedColdKey");
  if (take < state.get(MinChildkeyTake) || take > state.get(MaxChildkeyTake)) {
    throw refuse("InvalidChildkeyTake");
  }
  if (take > state.get(ChildkeyTake, hotkey, netuid)) {
    const limit = state.get(TxChildkeyTakeRateLimit);
    requireRate(context, args, SET_CHILDKEY_TAKE, limit, "TxChildkeyTakeRateLimitExceeded");
  }
  state.set(TransactionKeyLastBlock, BigInt(blockNumber), hotkey, netuid, SET_CHILDKEY_TAKE);
  state.set(ChildkeyTake, take, hotkey, netuid);
  context.deposit(SUBTENSOR, "ChildKeyTakeSet", [hotkey, take]);
}

function requireRate(
  { state, blockNumber }: CallContext,
  { hotkey, netuid }: OnSubnet,
  kind: number,
  limit: bigint,
  error: "TxRateLimitExceeded" | "TxChildkeyTakeRateLimitExceeded",
): void {
  const last = state.get(TransactionKeyLastBlock, hotkey, netuid, kind);
  if (last !== 0n && BigInt(blockNumber) - last < limit) throw refuse(error);
}

/** In TAO: alpha is worth one each. */
function allStakeOf(state: TypedState, hotkey: Uint8Array): bigint {
  return allNetuids(state).reduce((sum, netuid) => sum + stakeOf(state, hotkey, netuid), 0n);
}

/** After an epoch: children whose cool-down is over take the place of those before; at once in a subnet that has not started. */
export function adoptChildren(context: CallContext, netuid: number): void {
  const { state, blockNumber } = context;
  for (const key of state.keysOf(PendingChildKeys, netuid)) {
    const hotkey = key.slice(PENDING_HOTKEY_AT);
    const [children, fromBlock] = state.get(PendingChildKeys, netuid, hotkey);
    if (fromBlock >= BigInt(blockNumber) && state.get(SubtokenEnabled, netuid)) continue;
    state.remove(PendingChildKeys, netuid, hotkey);
    replaceChildren(state, netuid, hotkey, children);
    context.deposit(SUBTENSOR, "SetChildren", [hotkey, netuid, children]);
  }
}

function replaceChildren(
  state: TypedState,
  netuid: number,
  parent: Uint8Array,
  children: readonly Relative[],
): void {
  for (const [, child] of state.get(ChildKeys, parent, netuid)) {
    const kept = state.get(ParentKeys, child, netuid).filter(([, each]) => !equalBytes(each, parent));
    keep(state, ParentKeys, child, netuid, kept);
  }
  keep(state, ChildKeys, parent, netuid, [...children]);
  for (const [share, child] of children) {
    state.set(ParentKeys, [...state.get(ParentKeys, child, netuid), [share, parent]], child, netuid);
  }
}

/** Nothing is kept of an empty list. */
function keep(
  state: TypedState,
  entry: StorageEntry<[Uint8Array, number], Relative[]>,
  hotkey: Uint8Array,
  netuid: number,
  list: Relative[],
): void {
  if (list.length > 0) state.set(entry, list, hotkey, netuid);
  else state.remove(entry, hotkey, netuid);
}

const onSubnet = { hotkey: accountId, netuid: u16 };

export const childKeys: PalletPart = {
  calls: [
    call(67, "set_children", { ...onSubnet, children: relatives }, setChildren),
    call(75, "set_childkey_take", { ...onSubnet, take: u16 }, setChildkeyTake),
  ],
  events: {
    ChildKeyTakeSet: [44, [accountId, u16]],
    SetChildrenScheduled: [69, [accountId, u16, u64, relatives]],
    SetChildren: [70, [accountId, u16, relatives]],
  },
};
