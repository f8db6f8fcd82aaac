/**
 * When a commit is revealed, in blocks, and to which round of the beacon its message must be locked for that. Weights
 * committed in one epoch are revealed in the epoch `revealPeriodEpochs` later, in the very block in which consensus runs,
 * before it does. The pulse must be on the chain by then: runtimes that keep trying for the whole epoch
 * allow a round that comes out three blocks later, so that nobody can read ahead; earlier ones lose the commit
 * without it, so the round must be early enough to be written into the chain in time.
 */
import { type Beacon, roundAt } from "./beacon.ts";

/** How the runtime counts epochs: from the block's number alone, or from the last epoch on (`LastEpochBlock`). */
export type EpochSchedule =
  | { readonly kind: "by-number"; readonly netuid: number; readonly tempo: number }
  | {
    readonly kind: "by-last-epoch";
    readonly tempo: number;
    readonly lastEpochBlock: number;
    /** `PendingEpochAt`: the owner asked for an epoch at this block; 0 for none. */
    readonly pendingEpochAt: number;
  };

/** Blocks after the first chance to reveal at which the pulse is aimed where a missing one is waited for. */
const AFTER_REVEAL_BLOCKS = 3;
/** Rounds that a pulse may take to be written into a chain. */
export const INGEST_ROUNDS = 12;

export interface RevealTiming {
  readonly schedule: EpochSchedule;
  /** The newest block; the commit is taken to stand in the next. */
  readonly headBlock: number;
  readonly revealPeriodEpochs: number;
  readonly blockMs: number;
  readonly nowMs: number;
  readonly beacon: Omit<Beacon, "publicKey">;
  /** Whether the runtime waits for a pulse that is missing: those with `commit_timelocked_weights` do. */
  readonly isRetried: boolean;
  /** Where nobody waits: rounds between a pulse and the block it is in. */
  readonly ingestRounds?: number;
}

/** @returns the round to lock to, and the first block in which the commit can be revealed */
export function revealRound(timing: RevealTiming): { round: number; revealBlock: number } {
  const { headBlock, blockMs, nowMs, beacon, isRetried, ingestRounds = INGEST_ROUNDS } = timing;
  const revealBlock = firstRevealBlock(timing.schedule, headBlock + 1, timing.revealPeriodEpochs);
  const blocks = revealBlock - headBlock + (isRetried ? AFTER_REVEAL_BLOCKS : 0);
  const aimedRound = Math.floor(
    (nowMs / 1000 + blocks * blockMs / 1000 - beacon.genesisSec) / beacon.periodSec,
  );
  if (isRetried) return { round: Math.max(1, aimedRound), revealBlock };
  // One that is out would lock nothing.
  const round = Math.max(aimedRound - ingestRounds, roundAt(nowMs, beacon) + 1);
  return { round, revealBlock };
}

/** @param commitBlock in which the commit stands */
export function firstRevealBlock(
  schedule: EpochSchedule,
  commitBlock: number,
  revealPeriodEpochs: number,
): number {
  if (schedule.kind === "by-number") {
    const { netuid, tempo } = schedule;
    const commitEpoch = epochOf(commitBlock + 1, netuid, tempo);
    return firstBlockOfEpoch(commitEpoch + revealPeriodEpochs, netuid, tempo) - 1;
  }
  const { tempo, lastEpochBlock, pendingEpochAt } = schedule;
  const automatic = lastEpochBlock + tempo;
  const next = pendingEpochAt > 0 ? Math.min(automatic, pendingEpochAt) : automatic;
  // A commit in a block whose epoch has just begun belongs to that one.
  const following = commitBlock >= next ? commitBlock + tempo : next;
  return following + (revealPeriodEpochs - 1) * tempo;
}

/**
 * The blocks of an epoch that the runtime counts from the last one on: `first` to `last`, as far as it can be known now.
 * @param epochsAhead of the epoch that is now; below zero for one that is over
 */
export function blocksOfEpoch(
  { tempo, lastEpochBlock, pendingEpochAt }: Extract<EpochSchedule, { kind: "by-last-epoch" }>,
  epochsAhead: number,
): { first: number; last: number } {
  const automatic = lastEpochBlock + tempo;
  const next = pendingEpochAt > 0 ? Math.min(automatic, pendingEpochAt) : automatic;
  const first = epochsAhead > 0 ? next + (epochsAhead - 1) * tempo : lastEpochBlock + epochsAhead * tempo;
  return { first, last: next + epochsAhead * tempo - 1 };
}

/** The epoch that a block is in; where epochs are counted by number, consensus runs in the last block of each. */
export function epochOf(block: number, netuid: number, tempo: number): number {
  return Math.floor((block + netuid + 1) / (tempo + 1));
}

export function firstBlockOfEpoch(epoch: number, netuid: number, tempo: number): number {
  return Math.max(0, epoch * (tempo + 1) - (netuid + 1));
}
