/**
 * Weights in messages locked to a round of the beacon: nobody sends them a second time, the chain opens them itself. It does
 * so in the block in which consensus runs, `RevealPeriodEpochs` after the commit's epoch; where the pulse is missing then, in
 * each block until that epoch is over (spec 293 gives them up at once, later runtimes wait as this one does). What does
 * not open, or fails a check of set_weights, is dropped without an event.
 */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { equalBytes } from "../../../../base/bytes.ts";
import { isSkeinError } from "../../../../base/errors.ts";
import { decodeWeightsPayload, epochOf, timelockDecrypt } from "../../../timelock/mod.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId, h256 } from "../common_types.ts";
import { pulseOf } from "../drand.ts";
import { call, type CallContext, DispatchFailure, type PalletPart, signerOf } from "../pallet.ts";
import { checkCommitter, MAX_UNREVEALED } from "./commit_reveal.ts";
import { CRV3WeightCommits, LockedEpochs, lockedMessage } from "./commit_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import * as at from "./storage.ts";
import { RevealPeriodEpochs } from "./subnet_storage.ts";
import { storeWeights, touch } from "./weights.ts";

type LockedCommit = [hotkey: Uint8Array, message: Uint8Array, round: bigint];

function commitLocked(
  args: { netuid: number; commit: Uint8Array; reveal_round: bigint },
  context: CallContext,
): void {
  const { state } = context;
  const { netuid, commit, reveal_round } = args;
  const hotkey = signerOf(context);
  const uid = checkCommitter(context, netuid);
  const epoch = BigInt(lockedEpoch(context, netuid));
  const commits = state.get(CRV3WeightCommits, netuid, epoch);
  const own = commits.filter(([who]) => equalBytes(who, hotkey));
  if (own.length >= MAX_UNREVEALED) throw refuse("TooManyUnrevealedCommits");
  state.set(CRV3WeightCommits, [...commits, [hotkey, commit, reveal_round]], netuid, epoch);
  const epochs = state.get(LockedEpochs, netuid);
  if (!epochs.includes(epoch)) state.set(LockedEpochs, [...epochs, epoch], netuid);
  touch(context, netuid, uid);
  context.deposit(SUBTENSOR, "CRV3WeightsCommitted", [hotkey, netuid, blake2AsU8a(commit, 256)]);
}

/** The epoch that a commit in this block belongs to: the block in which consensus runs is already the next one's. */
function lockedEpoch({ state, blockNumber }: CallContext, netuid: number): number {
  return epochOf(blockNumber + 1, netuid, state.get(at.Tempo, netuid));
}

/** Opens what is due. In each block, before consensus runs in it. */
export function revealLockedWeights(context: CallContext, netuid: number): void {
  const { state } = context;
  const epochs = state.get(LockedEpochs, netuid);
  if (epochs.length === 0) return;
  const dueEpoch = BigInt(lockedEpoch(context, netuid)) - state.get(RevealPeriodEpochs, netuid);
  for (const epoch of epochs) {
    if (epoch > dueEpoch) continue;
    const waiting = epoch < dueEpoch ? [] : openAll(context, netuid, epoch);
    if (waiting.length > 0) state.set(CRV3WeightCommits, waiting, netuid, epoch);
    else state.remove(CRV3WeightCommits, netuid, epoch);
  }
  const kept = epochs.filter((epoch) => state.has(CRV3WeightCommits, netuid, epoch));
  if (kept.length < epochs.length) state.set(LockedEpochs, kept, netuid);
}

/** @returns those whose pulse is missing */
function openAll(context: CallContext, netuid: number, epoch: bigint): LockedCommit[] {
  const waiting: LockedCommit[] = [];
  for (const commit of context.state.get(CRV3WeightCommits, netuid, epoch)) {
    const signature = pulseOf(context, commit[2])?.signature;
    if (signature) open(context, netuid, commit, signature);
    else waiting.push(commit);
  }
  return waiting;
}

function open(
  context: CallContext,
  netuid: number,
  [hotkey, message]: LockedCommit,
  signature: Uint8Array,
): void {
  try {
    const weights = decodeWeightsPayload(timelockDecrypt(message, signature), hotkey);
    storeWeights(context, { hotkey, netuid, ...weights });
    context.deposit(SUBTENSOR, "CRV3WeightsRevealed", [netuid, hotkey]);
  } catch (error) {
    if (!isSkeinError(error, "chain/bad-timelock") && !(error instanceof DispatchFailure)) throw error;
  }
}

const args = { netuid: u16, commit: lockedMessage, reveal_round: u64 };

export const timelockCommits: PalletPart = {
  calls: [call(99, "commit_crv3_weights", args, commitLocked)],
  events: {
    CRV3WeightsCommitted: [77, [accountId, u16, h256]],
    CRV3WeightsRevealed: [92, [u16, accountId]],
  },
};
