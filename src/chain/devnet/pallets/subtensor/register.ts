/** burned_register: the signer, a coldkey, pays the subnet's price for a uid of its hotkey. */
import { equalBytes } from "../../../../base/bytes.ts";
import { burn, spendableRao } from "../accounts.ts";
import { u16 } from "../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import * as at from "./storage.ts";

const ROOT_NETUID = 0;

function burnedRegister(args: { netuid: number; hotkey: Uint8Array }, context: CallContext): void {
  const { netuid, hotkey } = args;
  const { state } = context;
  const coldkey = signerOf(context);
  if (netuid === ROOT_NETUID) throw refuse("RegistrationNotPermittedOnRootSubnet");
  if (!state.get(at.NetworksAdded, netuid)) throw refuse("SubNetworkDoesNotExist");
  if (!state.get(at.NetworkRegistrationAllowed, netuid)) throw refuse("SubNetRegistrationDisabled");
  if (state.has(at.Uids, netuid, hotkey)) throw refuse("HotKeyAlreadyRegisteredInSubNet");
  const price = state.get(at.Burn, netuid);
  if (spendableRao(context, coldkey) < price) throw refuse("NotEnoughBalanceToStake");
  claimHotkey(context, coldkey, hotkey);
  const uid = state.get(at.SubnetworkN, netuid);
  if (uid >= state.get(at.MaxAllowedUids, netuid)) throw refuse("NoNeuronIdAvailable");
  burn(context, coldkey, price);
  const recycled = state.get(at.RAORecycledForRegistration, netuid);
  state.set(at.RAORecycledForRegistration, recycled + price, netuid);
  appendNeuron(context, netuid, uid, hotkey);
  context.deposit(SUBTENSOR, "NeuronRegistered", [netuid, uid, hotkey]);
}

/** A hotkey belongs to the first coldkey that registers it. */
function claimHotkey({ state }: CallContext, coldkey: Uint8Array, hotkey: Uint8Array): void {
  if (!state.has(at.Owner, hotkey)) {
    state.set(at.Owner, coldkey, hotkey);
    state.set(at.OwnedHotkeys, [...state.get(at.OwnedHotkeys, coldkey), hotkey], coldkey);
  } else if (!equalBytes(state.get(at.Owner, hotkey), coldkey)) {
    throw refuse("NonAssociatedColdKey");
  }
}

function appendNeuron(context: CallContext, netuid: number, uid: number, hotkey: Uint8Array): void {
  const { state, blockNumber } = context;
  state.set(at.SubnetworkN, uid + 1, netuid);
  state.set(at.Keys, hotkey, netuid, uid);
  state.set(at.Uids, uid, netuid, hotkey);
  state.set(at.IsNetworkMember, true, hotkey, netuid);
  state.set(at.BlockAtRegistration, BigInt(blockNumber), netuid, uid);
  append(context, at.LastUpdate, netuid, BigInt(blockNumber));
  append(context, at.Active, netuid, true);
  append(context, at.ValidatorPermit, netuid, true);
  append(context, at.Emission, netuid, 0n);
  const zeroed = [at.Rank, at.Trust, at.Consensus, at.Incentive, at.Dividends, at.ValidatorTrust];
  for (const entry of zeroed) append(context, entry, netuid, 0);
  append(context, at.PruningScores, netuid, 0xffff);
}

function append<V>(
  { state }: CallContext,
  entry: StorageEntry<[number], V[]>,
  netuid: number,
  item: V,
): void {
  state.set(entry, [...state.get(entry, netuid), item], netuid);
}

export const registration: PalletPart = {
  calls: [call(7, "burned_register", { netuid: u16, hotkey: accountId }, burnedRegister)],
  events: { NeuronRegistered: [6, [u16, u16, accountId]] },
};
