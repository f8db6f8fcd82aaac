/**
 * Weights where a subnet keeps them secret for a while. Locked to a round of drand's beacon the chain opens them itself;
 * committed by hash they are lost unless we reveal them in the right epoch, so what is needed for that is kept by a
 * `CommitStore` before the commit is sent, and outlives a restart.
 */
import { toHex } from "../base/bytes.ts";
import { chainError } from "./errors.ts";
import { type ChainView, optionalItem, readItems, subtensorItem } from "./chain_view.ts";
import { commitTimelockedCall, hasCall, TIMELOCKED_CALLS, TIMELOCKED_CALLS_WITHOUT_HOTKEY } from "./calls.ts";
import type { Call } from "./calls.ts";
import { meantBlockMs, type StorageEntry, tryStorage } from "./runtime.ts";
import { readStorage } from "./storage.ts";
import { publicKeyOf } from "./sr25519.ts";
import {
  type Beacon,
  blocksOfEpoch,
  encodeWeightsPayload,
  epochOf,
  type EpochSchedule,
  firstBlockOfEpoch,
  QUICKNET,
  revealRound,
  roundAt,
  timelockEncrypt,
  weightsCommitHash,
} from "./timelock/mod.ts";
import type { WeightValues } from "./weights.ts";
import type { SubnetRules } from "./weights_rules.ts";

/** What a reveal needs; serialisable. */
export interface PendingReveal {
  readonly genesisHash: string;
  readonly netuid: number;
  /** ss58 */
  readonly hotkey: string;
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly salt: readonly number[];
  /** Decimal. */
  readonly versionKey: string;
  /** The newest block when it was sent; the commit is in a later one. */
  readonly commitBlock: number;
}

/** Durable: what was saved is loaded again after a crash. */
export interface CommitStore {
  load(): Promise<readonly PendingReveal[]>;
  save(pending: readonly PendingReveal[]): Promise<void>;
}

/** Rounds that the chain's own record of the beacon may be behind before nobody can count on it. */
const STALE_ROUNDS = 200;
const DEFAULT_BLOCK_MS = 12_000;
/** Blocks over which the time between two is measured. */
const MEASURED_BLOCKS = 10;

export interface Lock {
  readonly beacon: Beacon;
  readonly nowMs: number;
  readonly blockMs: number;
}

/** @returns undefined when the runtime takes no timelocked weights, or its beacon stands still */
export async function readLock(view: ChainView): Promise<Lock | undefined> {
  const { api } = view;
  const isOffered = [...TIMELOCKED_CALLS, ...TIMELOCKED_CALLS_WITHOUT_HOTKEY].some((name) =>
    hasCall(api, "subtensorModule", name)
  );
  const lastRound = tryStorage(api, "drand", "lastStoredRound");
  const config = tryStorage(api, "drand", "beaconConfig");
  const now = tryStorage(api, "timestamp", "now");
  if (!isOffered || lastRound === undefined || now === undefined) return undefined;
  const [stored, time, configured] = await readItems(view, [
    { entry: lastRound, args: [] },
    { entry: now, args: [] },
    config && { entry: config, args: [] },
  ]);
  const nowMs = Number(time);
  const beacon = beaconOf(configured);
  if (roundAt(nowMs, beacon) - Number(stored) > STALE_ROUNDS) return undefined;
  return { beacon, nowMs, blockMs: await blockTimeMs(view, now, nowMs) };
}

function beaconOf(config: any): Beacon {
  const publicKey: Uint8Array | undefined = config?.publicKey?.toU8a(true);
  // The answer's vector of bytes may keep its length in front.
  const key = publicKey?.slice(-QUICKNET.publicKey.byteLength);
  if (key?.byteLength !== QUICKNET.publicKey.byteLength) return QUICKNET;
  const genesisSec = Number(config.genesisTime);
  const periodSec = Number(config.period);
  return genesisSec > 0 && periodSec > 0 ? { publicKey: key, genesisSec, periodSec } : QUICKNET;
}

/** As the runtime means it to be, or shorter, if the last blocks were: a round that is early is kept, a late one is not. */
async function blockTimeMs(view: ChainView, nowEntry: StorageEntry, nowMs: number): Promise<number> {
  const meantMs = meantBlockMs(view.api) ?? Infinity;
  const back = Math.min(MEASURED_BLOCKS, view.block.number - 1);
  if (back < 1) return Number.isFinite(meantMs) ? meantMs : DEFAULT_BLOCK_MS;
  const hash = await view.request("chain_getBlockHash", [view.block.number - back]);
  const [then] = await readStorage(view.api, view.request, [{ entry: nowEntry, args: [] }], hash);
  return Math.min(meantMs, (nowMs - Number(then)) / back);
}

/** @returns the call, and the block in which the chain will open it, by present knowledge */
export async function timelockedWeights(
  view: ChainView,
  netuid: number,
  weights: WeightValues,
  options: {
    readonly rules: SubnetRules;
    readonly lock: Lock;
    readonly hotkey: Uint8Array;
    readonly random: (byteCount: number) => Uint8Array;
  },
): Promise<{ build: () => Call; revealRound: number; revealBlock: number }> {
  const { api, block } = view;
  const { rules, lock, hotkey, random } = options;
  const wantsHotkey = TIMELOCKED_CALLS.some((name) => hasCall(api, "subtensorModule", name));
  const { round, revealBlock } = revealRound({
    schedule: await epochSchedule(view, netuid, rules),
    headBlock: block.number,
    revealPeriodEpochs: rules.revealPeriodEpochs,
    blockMs: lock.blockMs,
    nowMs: lock.nowMs,
    beacon: lock.beacon,
    isRetried: wantsHotkey,
  });
  const payload = encodeWeightsPayload({
    ...weights,
    versionKey: rules.versionKey,
    ...wantsHotkey ? { hotkey } : {},
  });
  const commit = timelockEncrypt(payload, { round, publicKey: lock.beacon.publicKey, random });
  const { commitRevealVersion } = rules;
  return {
    build: () => commitTimelockedCall(api, netuid, { commit, revealRound: round, commitRevealVersion }),
    revealRound: round,
    revealBlock,
  };
}

/** Newer runtimes count from the last epoch on, older ones by the block's number. */
async function epochSchedule(
  view: ChainView,
  netuid: number,
  { tempo }: { tempo: number },
): Promise<EpochSchedule> {
  const [last, pending] = await readItems(view, [
    optionalItem(view.api, "lastEpochBlock", netuid),
    optionalItem(view.api, "pendingEpochAt", netuid),
  ]);
  if (last === undefined) return { kind: "by-number", netuid, tempo };
  return {
    kind: "by-last-epoch",
    tempo,
    lastEpochBlock: Number(last),
    pendingEpochAt: Number(pending ?? 0),
  };
}

/**
 * When a commit by hash can be revealed: from `first` on, and not after `last`. Where epochs follow the last one, the chain alone
 * knows in which of them the commit stands; one that it does not have is waited for as long as it could be revealed.
 */
export async function revealWindow(
  view: ChainView,
  pending: PendingReveal,
  rules: Pick<SubnetRules, "tempo" | "revealPeriodEpochs">,
): Promise<{ first: number; last: number }> {
  const schedule = await epochSchedule(view, pending.netuid, rules);
  const { revealPeriodEpochs, tempo } = rules;
  if (schedule.kind === "by-number") {
    const epoch = epochOf(pending.commitBlock + 1, pending.netuid, tempo) + revealPeriodEpochs;
    return {
      first: firstBlockOfEpoch(epoch, pending.netuid, tempo),
      // A commit that waited for its block may belong to the next epoch.
      last: firstBlockOfEpoch(epoch + 2, pending.netuid, tempo) - 1,
    };
  }
  const [commits, epochIndex] = await readItems(view, [
    subtensorItem(view.api, "weightCommits", pending.netuid, pending.hotkey),
    subtensorItem(view.api, "subnetEpochIndex", pending.netuid),
  ]);
  const hash = `0x${toHex(commitHashOf(pending))}`;
  const commit = [...commits ?? []].find(([stored]) => stored.toHex() === hash);
  const end = pending.commitBlock + 1 + (revealPeriodEpochs + 1) * tempo;
  if (commit === undefined) return { first: end, last: end - 1 };
  return blocksOfEpoch(schedule, Number(commit[1]) + revealPeriodEpochs - Number(epochIndex));
}

/** What stands on the chain of it. */
export function commitHashOf({ hotkey, versionKey, ...weights }: PendingReveal): Uint8Array {
  return weightsCommitHash({ ...weights, hotkey: publicKeyOf(hotkey), versionKey: BigInt(versionKey) });
}

const SALT_LENGTH = 8;

/** Numbers 0…65535. */
export function newSalt(random: (byteCount: number) => Uint8Array): number[] {
  const bytes = random(2 * SALT_LENGTH);
  return Array.from({ length: SALT_LENGTH }, (_, i) => bytes[2 * i] | (bytes[2 * i + 1] << 8));
}

export function noWayToCommit(netuid: number): Error {
  return chainError(
    "chain/unsupported-runtime",
    `set weights in subnet ${netuid}: it demands commit-reveal, and this chain takes no timelocked weights now, a place to ` +
      `keep a commit until its reveal is required`,
    { missing: "commit store" },
  );
}
