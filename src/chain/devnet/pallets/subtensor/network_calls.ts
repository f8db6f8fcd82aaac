/** A subnet's life after its registration: start, token symbol, end; and hotkeys that a coldkey takes for its own. */
import { equalBytes } from "../../../../base/bytes.ts";
import { bytes, u16, u64 } from "../../scale/primitive_types.ts";
import { mint } from "../accounts.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import type { AnyEntry } from "../storage_entry.ts";
import type { TypedState } from "../typed_state.ts";
import * as epoch from "./epoch_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { createHotkey } from "./hotkeys.ts";
import { PARAMETERS } from "./hyperparameters.ts";
import * as network from "./network_storage.ts";
import * as counts from "./registration_storage.ts";
import { TotalStake } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { requireOwner, requireOwnerOrRoot, requireRoot, requireSubnet } from "./subnets.ts";
import { isSymbol, isSymbolUsed } from "./symbols.ts";

/** A subnet may start so many blocks after its registration. */
export const START_DELAY_BLOCKS = 10n;

function startCall({ netuid }: { netuid: number }, context: CallContext): void {
  const { state } = context;
  requireSubnet(context, netuid);
  requireOwner(context, netuid);
  if (state.has(network.FirstEmissionBlockNumber, netuid)) throw refuse("FirstEmissionBlockNumberAlreadySet");
  const block = BigInt(context.blockNumber);
  if (block < state.get(at.NetworkRegisteredAt, netuid) + START_DELAY_BLOCKS) {
    throw refuse("NeedWaitingMoreBlocksToStarCall");
  }
  state.set(network.FirstEmissionBlockNumber, block + 1n, netuid);
  state.set(subnet.SubtokenEnabled, true, netuid);
  context.deposit(SUBTENSOR, "FirstEmissionBlockNumberSet", [netuid, block + 1n]);
}

function updateSymbol(
  { netuid, symbol }: { netuid: number; symbol: Uint8Array },
  context: CallContext,
): void {
  requireOwnerOrRoot(context, netuid);
  if (!isSymbol(symbol)) throw refuse("SymbolDoesNotExist");
  if (isSymbolUsed(context.state, symbol)) throw refuse("SymbolAlreadyInUse");
  context.state.set(subnet.TokenSymbol, symbol, netuid);
  context.deposit(SUBTENSOR, "SymbolUpdated", { netuid, symbol });
}

/** Gives the founder what was locked. Stake on the subnet stays where nobody can reach it, as on subtensor. */
function dissolveNetwork({ coldkey, netuid }: { coldkey: Uint8Array; netuid: number }, context: CallContext) {
  const { state } = context;
  requireRoot(context);
  requireSubnet(context, netuid);
  if (!equalBytes(state.get(at.SubnetOwner, netuid), coldkey)) throw refuse("NotSubnetOwner");
  if (state.has(subnet.SubnetIdentitiesV3, netuid)) {
    state.remove(subnet.SubnetIdentitiesV3, netuid);
    context.deposit(SUBTENSOR, "SubnetIdentityRemoved", netuid);
  }
  const locked = state.get(network.SubnetLocked, netuid);
  removeNeurons(state, netuid);
  for (const entry of OF_SUBNET) state.remove(entry, netuid);
  state.set(at.TotalNetworks, state.get(at.TotalNetworks) - 1);
  const staked = state.get(TotalStake) - locked;
  state.set(TotalStake, staked > 0n ? staked : 0n);
  if (locked > 0n) mint(context, coldkey, locked);
  context.deposit(SUBTENSOR, "NetworkRemoved", netuid);
}

function removeNeurons(state: TypedState, netuid: number): void {
  for (let uid = 0; uid < state.get(at.SubnetworkN, netuid); uid++) {
    const hotkey = state.get(at.Keys, netuid, uid);
    state.remove(at.IsNetworkMember, hotkey, netuid);
    for (const entry of BY_HOTKEY) state.remove(entry, netuid, hotkey);
    for (const entry of BY_UID) state.remove(entry, netuid, uid);
  }
}

const BY_HOTKEY: readonly AnyEntry[] = [at.Uids, at.Axons, subnet.Prometheus];
const BY_UID: readonly AnyEntry[] = [at.Keys, at.BlockAtRegistration, at.Weights, at.Bonds];
const OF_SUBNET: readonly AnyEntry[] = [
  ...Object.values(PARAMETERS).map(({ entry }) => entry),
  ...[at.NetworksAdded, at.NetworkRegisteredAt, at.SubnetworkN, at.SubnetOwner, subnet.SubnetOwnerHotkey],
  ...[at.LastUpdate, at.Active, at.ValidatorPermit, at.Emission, at.Rank, at.Trust, at.Consensus],
  ...[at.Incentive, at.Dividends, at.ValidatorTrust, at.PruningScores, subnet.TokenSymbol],
  ...[subnet.AlphaValues, subnet.SubnetTAO, subnet.SubnetAlphaIn, subnet.SubnetAlphaOut, subnet.SubnetVolume],
  ...[subnet.PendingEmission, subnet.PendingRootDivs, subnet.BlocksSinceLastStep],
  ...[epoch.PendingOwnerCut, epoch.PendingAlphaSwapped, epoch.StakeWeight, epoch.PaidHotkeys],
  ...[subnet.LastMechansimStepBlock, network.SubnetLocked, network.LargestLocked, network.SubnetMechanism],
  ...[network.FirstEmissionBlockNumber, counts.RegistrationsThisBlock, counts.RegistrationsThisInterval],
  ...[counts.BurnRegistrationsThisInterval, counts.POWRegistrationsThisInterval, counts.LastAdjustmentBlock],
];

export const networks: PalletPart = {
  calls: [
    call(61, "dissolve_network", { coldkey: accountId, netuid: u16 }, dissolveNetwork),
    call(91, "try_associate_hotkey", { hotkey: accountId }, ({ hotkey }, context) => {
      createHotkey(context, signerOf(context), hotkey);
    }),
    call(92, "start_call", { netuid: u16 }, startCall),
    call(112, "update_symbol", { netuid: u16, symbol: bytes }, updateSymbol),
  ],
  events: {
    NetworkRemoved: [1, u16],
    FirstEmissionBlockNumberSet: [88, [u16, u64]],
    SymbolUpdated: [98, { netuid: u16, symbol: bytes }],
  },
};
