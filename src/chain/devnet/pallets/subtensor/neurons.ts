/**
 * A subnet's uids: handed out from zero without gaps and, when the subnet is full, taken from the neuron that scores
 * lowest. Every vector by uid grows here and nowhere else.
 */
import { assert } from "../../../../base/assert.ts";
import { equalBytes } from "../../../../base/bytes.ts";
import type { CallContext } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import type { TypedState } from "../typed_state.ts";
import { StakeWeight } from "./epoch_storage.ts";
import * as at from "./storage.ts";
import { Prometheus, SubnetOwnerHotkey } from "./subnet_storage.ts";

const WHOLE_SCORE = 0xffff;
const ZEROED = [at.Rank, at.Trust, at.Consensus, at.Incentive, at.Dividends, at.ValidatorTrust];

/** @returns its uid, or undefined where there is no room and nobody can be pruned */
export function registerNeuron(context: CallContext, netuid: number, hotkey: Uint8Array): number | undefined {
  const { state } = context;
  if (state.get(at.SubnetworkN, netuid) < state.get(at.MaxAllowedUids, netuid)) {
    return appendNeuron(context, netuid, hotkey);
  }
  const uid = neuronToPrune(context, netuid);
  if (uid !== undefined) replaceNeuron(context, netuid, uid, hotkey);
  return uid;
}

export function appendNeuron(context: CallContext, netuid: number, hotkey: Uint8Array): number {
  const { state, blockNumber } = context;
  const uid = state.get(at.SubnetworkN, netuid);
  state.set(at.SubnetworkN, uid + 1, netuid);
  place(context, netuid, uid, hotkey);
  append(context, at.LastUpdate, netuid, BigInt(blockNumber));
  append(context, at.Active, netuid, true);
  append(context, at.ValidatorPermit, netuid, false);
  append(context, at.Emission, netuid, 0n);
  for (const entry of ZEROED) append(context, entry, netuid, 0);
  append(context, at.PruningScores, netuid, WHOLE_SCORE);
  return uid;
}

/** The uid goes to another hotkey, and nothing that the last one published, said, earned or was told stays with it. */
export function replaceNeuron(context: CallContext, netuid: number, uid: number, hotkey: Uint8Array): void {
  const { state, blockNumber } = context;
  const before = state.get(at.Keys, netuid, uid);
  state.remove(at.Uids, netuid, before);
  state.remove(at.IsNetworkMember, before, netuid);
  state.remove(at.Axons, netuid, before);
  state.remove(Prometheus, netuid, before);
  place(context, netuid, uid, hotkey);
  state.remove(at.Weights, netuid, uid);
  state.remove(at.Bonds, netuid, uid);
  forgetWeightsFor(state, netuid, uid);
  put(state, at.LastUpdate, netuid, uid, BigInt(blockNumber));
  put(state, at.Active, netuid, uid, true);
  put(state, at.ValidatorPermit, netuid, uid, false);
  put(state, at.Emission, netuid, uid, 0n);
  for (const entry of ZEROED) put(state, entry, netuid, uid, 0);
  put(state, at.PruningScores, netuid, uid, WHOLE_SCORE);
  // It is written by epochs only, and may be shorter than the others until the next.
  const weighed = state.get(StakeWeight, netuid);
  if (uid < weighed.length) state.set(StakeWeight, weighed.with(uid, 0), netuid);
}

/**
 * Of those whose immunity is over the one that scores lowest, else of the immune; among equals the one registered
 * first. The owner's is never taken.
 */
export function neuronToPrune({ state, blockNumber }: CallContext, netuid: number): number | undefined {
  const scores = state.get(at.PruningScores, netuid);
  const immunityBlocks = BigInt(state.get(at.ImmunityPeriod, netuid));
  const owner = state.get(SubnetOwnerHotkey, netuid);
  const candidates = scores.map((score, uid) => {
    const registeredAt = state.get(at.BlockAtRegistration, netuid, uid);
    return { uid, score, registeredAt, isImmune: BigInt(blockNumber) - registeredAt < immunityBlocks };
  }).filter(({ uid }) => !equalBytes(state.get(at.Keys, netuid, uid), owner));
  candidates.sort((a, b) =>
    Number(a.isImmune) - Number(b.isImmune) || a.score - b.score ||
    Number(a.registeredAt - b.registeredAt) || a.uid - b.uid
  );
  return candidates[0]?.uid;
}

function place({ state, blockNumber }: CallContext, netuid: number, uid: number, hotkey: Uint8Array): void {
  state.set(at.Keys, hotkey, netuid, uid);
  state.set(at.Uids, uid, netuid, hotkey);
  state.set(at.IsNetworkMember, true, hotkey, netuid);
  state.set(at.BlockAtRegistration, BigInt(blockNumber), netuid, uid);
}

function forgetWeightsFor(state: TypedState, netuid: number, uid: number): void {
  for (let from = 0; from < state.get(at.SubnetworkN, netuid); from++) {
    const weights = state.get(at.Weights, netuid, from);
    if (!weights.some(([to]) => to === uid)) continue;
    const kept = weights.map(([to, weight]): [number, number] => [to, to === uid ? 0 : weight]);
    state.set(at.Weights, kept, netuid, from);
  }
}

function append<V>(
  { state }: CallContext,
  entry: StorageEntry<[number], V[]>,
  netuid: number,
  item: V,
): void {
  state.set(entry, [...state.get(entry, netuid), item], netuid);
}

function put<V>(
  state: TypedState,
  entry: StorageEntry<[number], V[]>,
  netuid: number,
  uid: number,
  item: V,
): void {
  const items = state.get(entry, netuid);
  assert(uid < items.length, "every vector by uid has an element for each uid");
  state.set(entry, items.with(uid, item), netuid);
}
