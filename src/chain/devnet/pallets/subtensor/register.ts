/**
 * Registration. burned_register: the signer, a coldkey, pays the subnet's price for a uid of its hotkey.
 * root_register: nothing is paid, and the stake on the root network decides who stays.
 */
import { burn, spendableRao } from "../accounts.ts";
import { u16 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { claimHotkey, createHotkey } from "./hotkeys.ts";
import { PARAMETERS, setParameter } from "./hyperparameters.ts";
import { appendNeuron, registerNeuron, replaceNeuron } from "./neurons.ts";
import * as counts from "./registration_storage.ts";
import { stakeOf } from "./stake.ts";
import { Delegates } from "./stake_storage.ts";
import * as at from "./storage.ts";
import { MaxRegistrationsPerBlock, TargetRegistrationsPerInterval } from "./subnet_storage.ts";
import { requireSubnet, ROOT_NETUID } from "./subnets.ts";

/** An interval takes so many times its target. */
const INTERVAL_LIMIT_FACTOR = 3;
const U64_MAX = (1n << 64n) - 1n;

function burnedRegister(args: { netuid: number; hotkey: Uint8Array }, context: CallContext): void {
  const { netuid, hotkey } = args;
  const { state } = context;
  const coldkey = signerOf(context);
  if (netuid === ROOT_NETUID) throw refuse("RegistrationNotPermittedOnRootSubnet");
  requireSubnet(context, netuid, "SubNetworkDoesNotExist");
  if (!state.get(at.NetworkRegistrationAllowed, netuid)) throw refuse("SubNetRegistrationDisabled");
  checkFree(context, netuid, hotkey);
  const priceRao = state.get(at.Burn, netuid);
  if (spendableRao(context, coldkey) < priceRao) throw refuse("NotEnoughBalanceToStake");
  claimHotkey(context, coldkey, hotkey);
  if (state.get(at.MaxAllowedUids, netuid) === 0) throw refuse("NoNeuronIdAvailable");
  burn(context, coldkey, priceRao);
  const uid = registerNeuron(context, netuid, hotkey);
  if (uid === undefined) throw refuse("NoNeuronIdAvailable");
  countRegistration(context, netuid);
  const byBurn = state.get(counts.BurnRegistrationsThisInterval, netuid);
  state.set(counts.BurnRegistrationsThisInterval, byBurn + 1, netuid);
  recycle(context, netuid, priceRao);
  context.deposit(SUBTENSOR, "NeuronRegistered", [netuid, uid, hotkey]);
}

function rootRegister({ hotkey }: { hotkey: Uint8Array }, context: CallContext): void {
  const { state } = context;
  requireSubnet(context, ROOT_NETUID, "RootNetworkDoesNotExist");
  const coldkey = signerOf(context);
  checkFree(context, ROOT_NETUID, hotkey);
  createHotkey(context, coldkey, hotkey);
  const uid = enterRoot(context, hotkey);
  if (!state.has(Delegates, hotkey)) state.set(Delegates, state.get(Delegates, hotkey), hotkey);
  countRegistration(context, ROOT_NETUID);
  context.deposit(SUBTENSOR, "NeuronRegistered", [ROOT_NETUID, uid, hotkey]);
}

/** In the place of the one with the least stake, when all places are taken. */
function enterRoot(context: CallContext, hotkey: Uint8Array): number {
  const { state } = context;
  const count = state.get(at.SubnetworkN, ROOT_NETUID);
  if (count < state.get(at.MaxAllowedUids, ROOT_NETUID)) return appendNeuron(context, ROOT_NETUID, hotkey);
  const stakes = Array.from(
    { length: count },
    (_, uid) => stakeOf(state, state.get(at.Keys, ROOT_NETUID, uid), ROOT_NETUID),
  );
  const uid = stakes.reduce((lowest, stake, uid) => stake < stakes[lowest] ? uid : lowest, 0);
  if (stakes[uid] >= stakeOf(state, hotkey, ROOT_NETUID)) throw refuse("StakeTooLowForRoot");
  replaceNeuron(context, ROOT_NETUID, uid, hotkey);
  return uid;
}

/** @throws {DispatchFailure} where the block or the interval has had enough, or the hotkey is there already */
function checkFree({ state }: CallContext, netuid: number, hotkey: Uint8Array): void {
  if (state.get(counts.RegistrationsThisBlock, netuid) >= state.get(MaxRegistrationsPerBlock, netuid)) {
    throw refuse("TooManyRegistrationsThisBlock");
  }
  const limit = state.get(TargetRegistrationsPerInterval, netuid) * INTERVAL_LIMIT_FACTOR;
  if (state.get(counts.RegistrationsThisInterval, netuid) >= limit) {
    throw refuse("TooManyRegistrationsThisInterval");
  }
  if (state.has(at.Uids, netuid, hotkey)) throw refuse("HotKeyAlreadyRegisteredInSubNet");
}

function countRegistration({ state }: CallContext, netuid: number): void {
  for (const entry of [counts.RegistrationsThisBlock, counts.RegistrationsThisInterval]) {
    state.set(entry, state.get(entry, netuid) + 1, netuid);
  }
}

function recycle(context: CallContext, netuid: number, priceRao: bigint): void {
  const recycled = context.state.get(at.RAORecycledForRegistration, netuid) + priceRao;
  setParameter(context, PARAMETERS.raoRecycled, netuid, recycled < U64_MAX ? recycled : U64_MAX);
}

export const registration: PalletPart = {
  calls: [
    call(7, "burned_register", { netuid: u16, hotkey: accountId }, burnedRegister),
    call(62, "root_register", { hotkey: accountId }, rootRegister),
  ],
  events: { NeuronRegistered: [6, [u16, u16, accountId]] },
};
