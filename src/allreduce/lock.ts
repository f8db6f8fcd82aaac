/**
 * What a member must remember through a crash, and how a later attempt finds the result that an earlier one may have
 * committed. Paxos in the clothes of this round: `promised` is the highest ballot accepted, `lock` the last vote.
 */
import { utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import { membersOf, type Proposal } from "./proposal.ts";
import { quorumOf } from "./quorum.ts";

/** A vote that was cast, with enough to cast it again under a later attempt. */
export interface Lock {
  readonly attempt: number;
  readonly proposal: Proposal;
  /** The proposal under which the chunks were reduced. */
  readonly origin: Proposal;
  readonly resultDigest: string;
}

/** Must be durable before the messages that follow it leave. Plain JSON. */
export interface RoundLock {
  readonly runId: string;
  readonly outerStep: number;
  /** Highest attempt accepted; −1 = none. */
  readonly promised: number;
  /** Groups accepted so far, whose quorums later groups must cut. */
  readonly groups: readonly { readonly attempt: number; readonly members: readonly Hotkey[] }[];
  readonly lock: Lock | null;
}

/** What an accept says about its sender's lock. */
export interface LockSummary {
  readonly attempt: number;
  readonly proposalDigest: string;
  readonly originDigest: string;
  readonly resultDigest: string;
  /** Whether its sender still has the result's chunks (a restart loses them). */
  readonly holds: boolean;
}

export interface AcceptRecord {
  readonly hotkey: Hotkey;
  readonly lock: LockSummary | null;
  readonly signature: string;
}

/** Bytes that an accepting member signs. */
export function acceptPayload(
  terms: { runId: string; outerStep: number; attempt: number; proposalDigest: string },
  lock: LockSummary | null,
): Uint8Array {
  const locked = lock &&
    [lock.attempt, lock.proposalDigest, lock.originDigest, lock.resultDigest, lock.holds];
  return utf8(
    "skein/accept/1\n" +
      JSON.stringify([terms.runId, terms.outerStep, terms.attempt, terms.proposalDigest, locked]),
  );
}

export interface LockChoice {
  readonly summary: LockSummary;
  /** Members of the new group that can serve the chunks, in group order. */
  readonly holders: readonly Hotkey[];
}

/**
 * The locked result that matters to the group of these accepts, or none; `mayBeCommitted` says whether it binds. The highest attempt decides; results that differ at
 * one attempt prove a lying reducer and no commit before it, and then the one with most voters is the only one that
 * may have a quorum.
 */
export function chooseCarried(accepts: readonly AcceptRecord[]): LockChoice | null {
  const locked = accepts.filter((a): a is AcceptRecord & { lock: LockSummary } => a.lock !== null);
  if (locked.length === 0) return null;
  const highest = Math.max(...locked.map((a) => a.lock.attempt));
  const votes = new Map<string, number>();
  for (const { lock } of locked) {
    if (lock.attempt === highest) votes.set(lock.resultDigest, (votes.get(lock.resultDigest) ?? 0) + 1);
  }
  const [resultDigest] = [...votes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
  const { lock: summary } = locked.find((a) =>
    a.lock.attempt === highest && a.lock.resultDigest === resultDigest
  )!;
  const holders = locked
    .filter((a) => a.lock.resultDigest === resultDigest && a.lock.holds)
    .map((a) => a.hotkey);
  return { summary, holders };
}

/**
 * May the locked result have a quorum that these accepters cannot see? Each of them has promised not to vote in the lock's
 * attempt any more, so only members that are absent may have. A lock that was itself carried always binds: its
 * result may have been committed by an earlier group.
 */
export function mayBeCommitted(choice: LockChoice, lock: Lock, accepts: readonly AcceptRecord[]): boolean {
  if (lock.origin.attempt !== lock.attempt) return true;
  const group = membersOf(lock.proposal);
  const byHotkey = new Map(accepts.map((accept) => [accept.hotkey, accept.lock]));
  const possible = group.filter((hotkey) => {
    const seen = byHotkey.get(hotkey);
    if (seen === undefined) return true;
    return seen?.proposalDigest === choice.summary.proposalDigest &&
      seen.resultDigest === choice.summary.resultDigest;
  });
  return possible.length >= quorumOf(group.length);
}
