/**
 * Commit and reveal by hash: a validator first sends the hash of its weights, and the weights in the epoch that comes
 * `RevealPeriodEpochs` after that of the commit: earlier is too early, later the commit has expired. Epochs are counted by
 * the block's number.
 */
import { equalBytes } from "../../../../base/bytes.ts";
import { epochOf, firstBlockOfEpoch, weightsCommitHash } from "../../../timelock/mod.ts";
import { vec } from "../../../scale/composite_types.ts";
import { compact, u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId, h256 } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { WeightCommits } from "./commit_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import * as at from "./storage.ts";
import { RevealPeriodEpochs } from "./subnet_storage.ts";
import { isDue, runBatch, storeWeights, touch, uidOf } from "./weights.ts";

export const MAX_UNREVEALED = 10;
type Commit = [hash: Uint8Array, block: bigint, firstReveal: bigint, lastReveal: bigint];

interface Reveal {
  readonly uids: number[];
  readonly values: number[];
  readonly salt: number[];
  readonly version_key: bigint;
}
interface BatchReveal {
  readonly netuid: number;
  readonly uids_list: number[][];
  readonly values_list: number[][];
  readonly salts_list: number[][];
  readonly version_keys: bigint[];
}

/** What commits of both kinds ask first. @returns the uid @throws {DispatchFailure} */
export function checkCommitter(context: CallContext, netuid: number): number {
  const { state } = context;
  const hotkey = signerOf(context);
  if (!state.get(at.CommitRevealWeightsEnabled, netuid)) throw refuse("CommitRevealDisabled");
  const uid = uidOf(context, hotkey, netuid);
  if (!isDue(context, netuid, uid)) throw refuse("CommittingWeightsTooFast");
  return uid;
}

function commitWeights(
  { netuid, commit_hash }: { netuid: number; commit_hash: Uint8Array },
  context: CallContext,
): void {
  const { state, blockNumber } = context;
  const hotkey = signerOf(context);
  const uid = checkCommitter(context, netuid);
  const { live } = commitsOf(context, netuid, hotkey);
  if (live.length >= MAX_UNREVEALED) throw refuse("TooManyUnrevealedCommits");
  const { first, last } = revealBlocks(context, netuid, blockNumber);
  const commit: Commit = [commit_hash, BigInt(blockNumber), blockOf(first), blockOf(last)];
  state.set(WeightCommits, [...live, commit], netuid, hotkey);
  touch(context, netuid, uid);
  context.deposit(SUBTENSOR, "WeightsCommitted", [hotkey, netuid, commit_hash]);
}

function batchCommitWeights(
  { netuids, commit_hashes }: { netuids: number[]; commit_hashes: Uint8Array[] },
  context: CallContext,
): void {
  signerOf(context);
  if (netuids.length !== commit_hashes.length) throw refuse("InputLengthsUnequal");
  runBatch(
    context,
    netuids,
    (netuid, i) => commitWeights({ netuid, commit_hash: commit_hashes[i] }, context),
  );
}

/** With it go the commits before it: a later opinion takes the place of an earlier. */
function revealWeights({ netuid, ...reveal }: Reveal & { netuid: number }, context: CallContext): void {
  const hotkey = signerOf(context);
  const commits = openCommits(context, netuid, hotkey);
  const hash = hashOf(reveal, hotkey, netuid);
  if (commits.live.length === 0) {
    throw refuse(hasHash(commits.expired, hash) ? "ExpiredWeightCommit" : "NoWeightsCommitFound");
  }
  const position = positionOf(context, netuid, commits, hash);
  keepCommits(context, netuid, hotkey, commits.live.slice(position + 1));
  store(context, netuid, hotkey, reveal);
  context.deposit(SUBTENSOR, "WeightsRevealed", [hotkey, netuid, hash]);
}

/** All or none. */
function batchRevealWeights(args: BatchReveal, context: CallContext): void {
  const { netuid, uids_list, values_list, salts_list, version_keys } = args;
  const lists = [values_list, salts_list, version_keys];
  if (lists.some(({ length }) => length !== uids_list.length)) throw refuse("InputLengthsUnequal");
  const hotkey = signerOf(context);
  const commits = openCommits(context, netuid, hotkey);
  const reveals = uids_list.map((uids, i): Reveal => ({
    uids,
    values: values_list[i],
    salt: salts_list[i],
    version_key: version_keys[i],
  }));
  const hashes = reveals.map((reveal) => hashOf(reveal, hotkey, netuid));
  for (const hash of hashes) positionOf(context, netuid, commits, hash);
  let { live } = commits;
  reveals.forEach((reveal, i) => {
    const position = positionOf(context, netuid, { live, expired: commits.expired }, hashes[i]);
    live = live.toSpliced(position, 1);
    store(context, netuid, hotkey, reveal);
  });
  keepCommits(context, netuid, hotkey, live);
  context.deposit(SUBTENSOR, "WeightsBatchRevealed", [hotkey, netuid, hashes]);
}

function openCommits(context: CallContext, netuid: number, hotkey: Uint8Array) {
  const { state } = context;
  if (!state.get(at.CommitRevealWeightsEnabled, netuid)) throw refuse("CommitRevealDisabled");
  if (!state.has(WeightCommits, netuid, hotkey)) throw refuse("NoWeightsCommitFound");
  return commitsOf(context, netuid, hotkey);
}

function commitsOf(context: CallContext, netuid: number, hotkey: Uint8Array) {
  const all = context.state.get(WeightCommits, netuid, hotkey) ?? [];
  const current = epochAt(context, netuid, context.blockNumber);
  const isExpired = ([, block]: Commit) => current > revealEpoch(context, netuid, Number(block));
  const firstLive = all.findIndex((commit) => !isExpired(commit));
  const expiredCount = firstLive < 0 ? all.length : firstLive;
  return { expired: all.slice(0, expiredCount), live: all.slice(expiredCount) };
}

/** @throws {DispatchFailure} unless the hash is among the live commits and this is its epoch */
function positionOf(
  context: CallContext,
  netuid: number,
  { live, expired }: { live: Commit[]; expired: Commit[] },
  hash: Uint8Array,
): number {
  const position = live.findIndex(([each]) => equalBytes(each, hash));
  if (position < 0) {
    throw refuse(hasHash(expired, hash) ? "ExpiredWeightCommit" : "InvalidRevealCommitHashNotMatch");
  }
  const block = Number(live[position][1]);
  if (epochAt(context, netuid, context.blockNumber) !== revealEpoch(context, netuid, block)) {
    throw refuse("RevealTooEarly");
  }
  return position;
}

const hasHash = (commits: Commit[], hash: Uint8Array) => commits.some(([each]) => equalBytes(each, hash));

function keepCommits({ state }: CallContext, netuid: number, hotkey: Uint8Array, commits: Commit[]): void {
  if (commits.length > 0) state.set(WeightCommits, commits, netuid, hotkey);
  else state.remove(WeightCommits, netuid, hotkey);
}

function store(context: CallContext, netuid: number, hotkey: Uint8Array, reveal: Reveal): void {
  const { uids, values, version_key } = reveal;
  storeWeights(context, { hotkey, netuid, uids, values, versionKey: version_key });
}

function hashOf({ uids, values, salt, version_key }: Reveal, hotkey: Uint8Array, netuid: number): Uint8Array {
  return weightsCommitHash({ hotkey, netuid, uids, values, salt, versionKey: version_key });
}

function epochAt({ state }: CallContext, netuid: number, block: number): number {
  return epochOf(block, netuid, state.get(at.Tempo, netuid));
}

function revealEpoch(context: CallContext, netuid: number, commitBlock: number): number {
  return epochAt(context, netuid, commitBlock) + Number(context.state.get(RevealPeriodEpochs, netuid));
}

function revealBlocks(context: CallContext, netuid: number, commitBlock: number) {
  const tempo = context.state.get(at.Tempo, netuid);
  const first = firstBlockOfEpoch(revealEpoch(context, netuid, commitBlock), netuid, tempo);
  return { first, last: first + tempo };
}

/** Stops at what 64 bits hold: an owner may ask for so many epochs that their blocks exceed it. */
const blockOf = (number: number) => number < 2 ** 64 ? BigInt(number) : 2n ** 64n - 1n;

const lists = vec(vec(u16));
const revealArgs = { netuid: u16, uids: vec(u16), values: vec(u16), salt: vec(u16), version_key: u64 };
const batchRevealArgs = {
  netuid: u16,
  uids_list: lists,
  values_list: lists,
  salts_list: lists,
  version_keys: vec(u64),
};

export const commitReveal: PalletPart = {
  calls: [
    call(96, "commit_weights", { netuid: u16, commit_hash: h256 }, commitWeights),
    call(
      100,
      "batch_commit_weights",
      { netuids: vec(compact(u16)), commit_hashes: vec(h256) },
      batchCommitWeights,
    ),
    call(97, "reveal_weights", revealArgs, revealWeights),
    call(98, "batch_reveal_weights", batchRevealArgs, batchRevealWeights),
  ],
  events: {
    WeightsCommitted: [78, [accountId, u16, h256]],
    WeightsRevealed: [79, [accountId, u16, h256]],
    WeightsBatchRevealed: [80, [accountId, u16, vec(h256)]],
  },
};
