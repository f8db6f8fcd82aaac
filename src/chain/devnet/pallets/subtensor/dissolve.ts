/**
 * A subnet's end. The founder gets back what was locked, and those who staked get their stake as TAO, one to one, as
 * stake is bought here (spec 293 left it behind, later runtimes pay it out, too). Nothing that was kept for the subnet
 * stays: the next one gets its netuid, and must begin from nothing.
 */
import { equalBytes } from "../../../../base/bytes.ts";
import { mint } from "../accounts.ts";
import { EXISTENTIAL_DEPOSIT_RAO } from "../balances.ts";
import * as published from "../commitment_types.ts";
import type { CallContext } from "../pallet.ts";
import type { AnyEntry, StorageEntry } from "../storage_entry.ts";
import { Account } from "../system.ts";
import type { TypedState } from "../typed_state.ts";
import * as child from "./child_storage.ts";
import { CRV3WeightCommits, LockedEpochs, WeightCommits } from "./commit_storage.ts";
import * as epoch from "./epoch_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { PARAMETERS } from "./hyperparameters.ts";
import * as network from "./network_storage.ts";
import * as counts from "./registration_storage.ts";
import { LastHotkeySwapOnNetuid } from "./rate_limit_storage.ts";
import { hotkeysIn, stakeOfColdkey, stakersOn } from "./stake.ts";
import * as stake from "./stake_storage.ts";
import { leaveStake, sellStake } from "./staking.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { requireRoot, requireSubnet, ROOT_NETUID } from "./subnets.ts";

export function dissolveNetwork(args: { coldkey: Uint8Array; netuid: number }, context: CallContext): void {
  const { coldkey, netuid } = args;
  const { state } = context;
  requireRoot(context);
  requireSubnet(context, netuid);
  // All others reckon with the root network's stake.
  if (netuid === ROOT_NETUID) throw refuse("SubnetNotExists");
  if (!equalBytes(state.get(at.SubnetOwner, netuid), coldkey)) throw refuse("NotSubnetOwner");
  if (state.has(subnet.SubnetIdentitiesV3, netuid)) {
    state.remove(subnet.SubnetIdentitiesV3, netuid);
    context.deposit(SUBTENSOR, "SubnetIdentityRemoved", netuid);
  }
  const locked = state.get(network.SubnetLocked, netuid);
  giveBackStake(context, netuid);
  forget(state, netuid);
  state.set(at.TotalNetworks, state.get(at.TotalNetworks) - 1);
  const staked = state.get(stake.TotalStake) - locked;
  state.set(stake.TotalStake, staked > 0n ? staked : 0n);
  if (locked > 0n) mint(context, coldkey, locked);
  context.deposit(SUBTENSOR, "NetworkRemoved", netuid);
}

/** What is too little for an account that there is not yet is lost, as dust is. */
function giveBackStake(context: CallContext, netuid: number): void {
  const { state } = context;
  for (const position of stakersOn(state, netuid)) {
    const { hotkey, coldkey } = position;
    const amountRao = stakeOfColdkey(state, hotkey, coldkey, netuid);
    if (amountRao === 0n) continue;
    const isAlive = state.get(Account, coldkey).providers > 0;
    const giveBack = isAlive || amountRao >= EXISTENTIAL_DEPOSIT_RAO ? sellStake : leaveStake;
    giveBack(context, { ...position, amountRao });
  }
}

function forget(state: TypedState, netuid: number): void {
  for (const entry of OF_SUBNET) state.remove(entry, netuid);
  for (const entry of BY_SUBNET_FIRST) state.removeAll(entry, netuid);
  for (const entry of BY_HOTKEY_FIRST) {
    for (const hotkey of hotkeysIn(state, entry, netuid)) state.remove(entry, hotkey, netuid);
  }
  for (const { hotkey, coldkey } of stakersOn(state, netuid)) {
    state.remove(stake.Alpha, hotkey, coldkey, netuid);
  }
  const locked = state.get(published.TimelockedIndex);
  const kept = locked.filter(([of]) => of !== netuid);
  if (kept.length < locked.length) state.set(published.TimelockedIndex, kept);
}

const BY_HOTKEY_FIRST: readonly StorageEntry<[Uint8Array, number], unknown, unknown>[] = [
  at.IsNetworkMember,
  stake.TotalHotkeyAlpha,
  stake.TotalHotkeyShares,
  epoch.TotalHotkeyAlphaLastEpoch,
  child.ChildKeys,
  child.ParentKeys,
  child.ChildkeyTake,
];
const BY_SUBNET_FIRST: readonly AnyEntry[] = [
  ...[at.Uids, at.Axons, subnet.Prometheus, at.Keys, at.BlockAtRegistration, at.Weights, at.Bonds],
  ...[subnet.AlphaDividendsPerSubnet, subnet.TaoDividendsPerSubnet, WeightCommits, CRV3WeightCommits],
  ...[published.CommitmentOf, published.LastCommitment, published.LastBondsReset, published.UsedSpaceOf],
  published.RevealedCommitments,
  child.PendingChildKeys,
  LastHotkeySwapOnNetuid,
];
const OF_SUBNET: readonly AnyEntry[] = [
  ...Object.values(PARAMETERS).map(({ entry }) => entry),
  ...[at.NetworksAdded, at.NetworkRegisteredAt, at.SubnetworkN, at.SubnetOwner, subnet.SubnetOwnerHotkey],
  ...[at.LastUpdate, at.Active, at.ValidatorPermit, at.Emission, at.Rank, at.Trust, at.Consensus],
  ...[at.Incentive, at.Dividends, at.ValidatorTrust, at.PruningScores, subnet.TokenSymbol],
  ...[subnet.AlphaValues, subnet.SubnetTAO, subnet.SubnetAlphaIn, subnet.SubnetAlphaOut, subnet.SubnetVolume],
  ...[subnet.PendingEmission, subnet.PendingRootDivs, subnet.BlocksSinceLastStep],
  ...[epoch.PendingOwnerCut, epoch.PendingAlphaSwapped, epoch.StakeWeight, epoch.PaidHotkeys, LockedEpochs],
  ...[subnet.LastMechansimStepBlock, network.SubnetLocked, network.LargestLocked, network.SubnetMechanism],
  ...[network.FirstEmissionBlockNumber, counts.RegistrationsThisBlock, counts.RegistrationsThisInterval],
  ...[counts.BurnRegistrationsThisInterval, counts.POWRegistrationsThisInterval, counts.LastAdjustmentBlock],
];
