/**
 * Pays an epoch. A miner's incentive becomes stake of the hotkey's owner; a validator's dividends grow all stake on it,
 * after the take that its owner keeps, and root's part likewise in TAO on the root network. The subnet owner's cut is
 * stake on the owner's hotkey; what that hotkey would earn as a miner is not paid at all, as on subtensor.
 */
import { equalBytes, toHex } from "../../../../base/bytes.ts";
import type { EpochOutput } from "../../../consensus/mod.ts";
import type { CallContext } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import { increase } from "./emission.ts";
import {
  PaidHotkeys,
  PendingAlphaSwapped,
  PendingOwnerCut,
  TotalHotkeyAlphaLastEpoch,
} from "./epoch_storage.ts";
import { divideAmongFamily } from "./family.ts";
import { addStake, growStake, stakeOf, weighed } from "./stake.ts";
import { Delegates } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { ROOT_NETUID } from "./subnets.ts";

const WHOLE = 0xffffn;

export interface Pending {
  readonly alphaRao: bigint;
  /** Alpha that root's TAO was paid for. */
  readonly swappedRao: bigint;
  readonly rootRao: bigint;
  readonly ownerCutRao: bigint;
}

export function drainPending(state: TypedState, netuid: number): Pending {
  const pending = {
    alphaRao: state.get(subnet.PendingEmission, netuid),
    swappedRao: state.get(PendingAlphaSwapped, netuid),
    rootRao: state.get(subnet.PendingRootDivs, netuid),
    ownerCutRao: state.get(PendingOwnerCut, netuid),
  };
  for (
    const entry of [subnet.PendingEmission, PendingAlphaSwapped, subnet.PendingRootDivs, PendingOwnerCut]
  ) {
    state.set(entry, 0n, netuid);
  }
  return pending;
}

/** @param hotkeys by uid */
export function payEpoch(
  context: CallContext,
  netuid: number,
  hotkeys: readonly Uint8Array[],
  { serverEmissionRao, validatorEmissionRao }: EpochOutput,
  pending: Pending,
): void {
  const { state } = context;
  const dividends = splitDividends(state, netuid, hotkeys, validatorEmissionRao);
  const incentiveRao = serverEmissionRao.reduce((total, each) => total + each, 0n);
  const half = (pending.alphaRao + pending.swappedRao) / 2n - pending.swappedRao;
  const validatorsRao = incentiveRao === 0n ? pending.alphaRao : half > 0n ? half : 0n;
  const ownerHotkey = payOwner(context, netuid, pending.ownerCutRao);
  hotkeys.forEach((hotkey, uid) => {
    if (!ownerHotkey || !equalBytes(hotkey, ownerHotkey)) {
      payCold(context, hotkey, netuid, serverEmissionRao[uid]);
    }
  });
  forgetDividends(state, netuid);
  for (const { hotkey, alpha, root } of dividends.shares) {
    const alphaRao = part(validatorsRao, alpha, dividends.alpha);
    const rootRao = part(pending.rootRao, root, dividends.root);
    state.set(subnet.AlphaDividendsPerSubnet, payStakers(context, hotkey, netuid, alphaRao), netuid, hotkey);
    state.set(
      subnet.TaoDividendsPerSubnet,
      payStakers(context, hotkey, ROOT_NETUID, rootRao),
      netuid,
      hotkey,
    );
    state.set(TotalHotkeyAlphaLastEpoch, stakeOf(state, hotkey, netuid), hotkey, netuid);
    increase(state, subnet.SubnetTAO, ROOT_NETUID, rootRao);
  }
  state.set(PaidHotkeys, dividends.shares.map(({ hotkey }) => hotkey), netuid);
}

interface Share {
  readonly hotkey: Uint8Array;
  readonly alpha: bigint;
  readonly root: bigint;
}

/** What of each validator's dividends its alpha has earned, and what its TAO on the root network. */
function splitDividends(
  state: TypedState,
  netuid: number,
  hotkeys: readonly Uint8Array[],
  earned: readonly bigint[],
): { shares: Share[]; alpha: bigint; root: bigint } {
  const total = { shares: [] as Share[], alpha: 0n, root: 0n };
  for (const { hotkey, rao } of earnedByHotkey(state, netuid, hotkeys, earned)) {
    const alphaStake = stakeOf(state, hotkey, netuid);
    const rootStake = weighed(state, stakeOf(state, hotkey, ROOT_NETUID));
    const root = part(rao, rootStake, alphaStake + rootStake);
    total.shares.push({ hotkey, root, alpha: rao - root });
    total.root += root;
    total.alpha += rao - root;
  }
  return total;
}

/** Each hotkey once, though it may be a validator and several validators' parent. */
function earnedByHotkey(
  state: TypedState,
  netuid: number,
  hotkeys: readonly Uint8Array[],
  earned: readonly bigint[],
): { readonly hotkey: Uint8Array; readonly rao: bigint }[] {
  const sums = new Map<string, { hotkey: Uint8Array; rao: bigint }>();
  hotkeys.forEach((validator, uid) => {
    if (earned[uid] === 0n) return;
    for (const { hotkey, rao } of divideAmongFamily(state, netuid, validator, earned[uid])) {
      const name = toHex(hotkey);
      sums.set(name, { hotkey, rao: rao + (sums.get(name)?.rao ?? 0n) });
    }
  });
  return [...sums.values()];
}

/** @returns the owner's hotkey, if the subnet has one */
function payOwner({ state }: CallContext, netuid: number, amountRao: bigint): Uint8Array | undefined {
  if (!state.has(subnet.SubnetOwnerHotkey, netuid)) return undefined;
  const hotkey = state.get(subnet.SubnetOwnerHotkey, netuid);
  addStake({ state }, { hotkey, coldkey: state.get(at.SubnetOwner, netuid), netuid, amountRao });
  return hotkey;
}

function payCold({ state }: CallContext, hotkey: Uint8Array, netuid: number, amountRao: bigint): void {
  addStake({ state }, { hotkey, coldkey: state.get(at.Owner, hotkey), netuid, amountRao });
}

/** @returns what the stakers got, without the take */
function payStakers(context: CallContext, hotkey: Uint8Array, netuid: number, amountRao: bigint): bigint {
  if (amountRao === 0n) return 0n;
  const take = amountRao * BigInt(context.state.get(Delegates, hotkey)) / WHOLE;
  payCold(context, hotkey, netuid, take);
  growStake(context, hotkey, netuid, amountRao - take);
  return amountRao - take;
}

function forgetDividends(state: TypedState, netuid: number): void {
  for (const hotkey of state.get(PaidHotkeys, netuid)) {
    state.remove(subnet.AlphaDividendsPerSubnet, netuid, hotkey);
    state.remove(subnet.TaoDividendsPerSubnet, netuid, hotkey);
  }
}

const part = (amount: bigint, share: bigint, of: bigint) => of === 0n ? 0n : amount * share / of;
