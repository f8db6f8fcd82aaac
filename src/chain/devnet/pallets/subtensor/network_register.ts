/**
 * A new subnet: its founder locks what a subnet costs, which is twice the last one's price and falls back to it over an
 * interval, and gets uid 0 for a hotkey. The subnet has subtensor's parameters for new ones and stands still until
 * start_call.
 */
import { option } from "../../../scale/composite_types.ts";
import { u16 } from "../../../scale/primitive_types.ts";
import type { ValueOf } from "../../../scale/scale_type.ts";
import { burn, spendableRao } from "../accounts.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { createHotkey, ownsHotkey } from "./hotkeys.ts";
import { PARAMETERS as set, setParameter } from "./hyperparameters.ts";
import * as network from "./network_storage.ts";
import { appendNeuron } from "./neurons.ts";
import { TotalStake } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { isSubnetIdentity } from "./identities.ts";
import { ROOT_NETUID } from "./subnets.ts";
import { freeSymbol } from "./symbols.ts";

const STABLE_MECHANISM = 0;
/** 0.97 of 2⁶⁴. */
const ADJUSTMENT_ALPHA = 17_893_341_751_498_265_066n;
/** Nobody registers by work. */
const NO_WORK_IS_ENOUGH = (1n << 64n) - 1n;

interface Founding {
  hotkey: Uint8Array;
  identity?: ValueOf<typeof subnet.subnetIdentity>;
}

function registerNetwork({ hotkey, identity }: Founding, context: CallContext): void {
  const { state, blockNumber } = context;
  const coldkey = signerOf(context);
  if (state.has(at.Owner, hotkey) && !ownsHotkey(state, coldkey, hotkey)) {
    throw refuse("NonAssociatedColdKey");
  }
  const block = BigInt(blockNumber);
  if (block - state.get(network.NetworkLastRegistered) < state.get(network.NetworkRateLimit)) {
    throw refuse("NetworkTxRateLimitExceeded");
  }
  const costRao = lockCost(state, blockNumber);
  if (spendableRao(context, coldkey) < costRao) throw refuse("NotEnoughBalanceToStake");
  const netuid = freeNetuid(state);
  burn(context, coldkey, costRao);
  state.set(network.NetworkLastLockCost, costRao);
  initialize(context, netuid);
  createHotkey(context, coldkey, hotkey);
  appendNeuron(context, netuid, hotkey);
  state.set(network.NetworkLastRegistered, block);
  state.set(at.NetworkRegisteredAt, block, netuid);
  state.set(subnet.TokenSymbol, freeSymbol(state, netuid), netuid);
  state.set(at.SubnetOwner, coldkey, netuid);
  state.set(subnet.SubnetOwnerHotkey, hotkey, netuid);
  lock(state, netuid, costRao);
  if (identity !== undefined) {
    if (!isSubnetIdentity(identity)) throw refuse("InvalidIdentity");
    state.set(subnet.SubnetIdentitiesV3, identity, netuid);
    context.deposit(SUBTENSOR, "SubnetIdentitySet", netuid);
  }
  context.deposit(SUBTENSOR, "NetworkAdded", [netuid, STABLE_MECHANISM]);
}

/** What a subnet registered in this block costs, in rao. */
export function lockCost(state: TypedState, blockNumber: number): bigint {
  const last = state.get(network.NetworkLastLockCost);
  const least = state.get(network.NetworkMinLockCost);
  const lastBlock = state.get(network.NetworkLastRegistered);
  const interval = state.get(network.NetworkLockReductionInterval);
  const fallEachBlock = interval === 0n ? 0n : last / interval;
  const first = lastBlock === 0n ? last : 2n * last;
  const cost = first - fallEachBlock * (BigInt(blockNumber) - lastBlock);
  return cost > least ? cost : least;
}

function freeNetuid(state: TypedState): number {
  let netuid = ROOT_NETUID + 1;
  while (state.get(at.NetworksAdded, netuid)) netuid++;
  return netuid;
}

function initialize(context: CallContext, netuid: number): void {
  const { state } = context;
  state.set(at.SubnetworkN, 0, netuid);
  state.set(at.NetworksAdded, true, netuid);
  state.set(at.Tempo, at.Tempo.fallback, netuid);
  state.set(at.TotalNetworks, state.get(at.TotalNetworks) + 1);
  setParameter(context, set.registrationAllowed, netuid, true);
  setParameter(context, set.maxAllowedUids, netuid, 256);
  setParameter(context, set.maxAllowedValidators, netuid, 64);
  setParameter(context, set.minAllowedWeights, netuid, 1);
  setParameter(context, set.maxWeightsLimit, netuid, 0xffff);
  setParameter(context, set.adjustmentInterval, netuid, 360);
  setParameter(context, set.targetRegistrations, netuid, 1);
  setParameter(context, set.adjustmentAlpha, netuid, ADJUSTMENT_ALPHA);
  setParameter(context, set.immunityPeriod, netuid, 5000);
  setParameter(context, set.minDifficulty, netuid, NO_WORK_IS_ENOUGH);
  setParameter(context, set.maxDifficulty, netuid, NO_WORK_IS_ENOUGH);
  for (const entry of [subnet.Kappa, at.ActivityCutoff]) state.set(entry, entry.fallback, netuid);
}

/** The least that a subnet costs stays its founder's, who gets it back with the subnet's end; the rest is gone. */
function lock(state: TypedState, netuid: number, costRao: bigint): void {
  const least = state.get(network.NetworkMinLockCost);
  const kept = costRao < least ? costRao : least;
  state.set(network.SubnetMechanism, STABLE_MECHANISM, netuid);
  state.set(network.SubnetLocked, kept, netuid);
  state.set(network.LargestLocked, kept, netuid);
  state.set(subnet.SubnetTAO, kept, netuid);
  state.set(subnet.SubnetAlphaIn, kept, netuid);
  state.set(at.RAORecycledForRegistration, costRao - kept, netuid);
  state.set(TotalStake, state.get(TotalStake) + kept);
}

const withIdentity = { hotkey: accountId, identity: option(subnet.subnetIdentity) };

export const networkRegistration: PalletPart = {
  calls: [
    call(59, "register_network", { hotkey: accountId }, registerNetwork),
    call(79, "register_network_with_identity", withIdentity, registerNetwork),
  ],
  events: { NetworkAdded: [0, [u16, u16]] },
};
