/**
 * What a member must remember through a crash, and how a later attempt finds the result that an earlier one may have
 * committed. Two phases, as in Paxos and PBFT: a quorum of votes *prepares* a result; members that have seen it lock it
 * and sign the commit. A lock is a claim, and a liar may claim anything, so it carries its proof: a proposal that might go
 * on from here, and a quorum of its members' votes, which at most one result of an attempt can have. An attempt is bound
 * to the newest lock that its members hold.
 */
import { utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import { resultDigestFrom } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { membersOf, type Proposal, proposalDigest } from "./proposal.ts";
import { quorumOf } from "./quorum.ts";
import { isSignedIn, type RoundKeyCheck } from "./round_keys.ts";
import { type SignedVote, votePayload } from "./votes.ts";

/** A prepared result: what a commit was signed for, with enough to sign it again under a later attempt. */
export interface Lock {
  readonly attempt: number;
  readonly proposal: Proposal;
  /** The proposal under which the chunks were reduced. */
  readonly origin: Proposal;
  readonly resultDigest: string;
  /** Of the result's chunks: with it the result digest shows that `origin` is the true one. */
  readonly contentDigest: string;
  /** A quorum of `proposal`'s members. */
  readonly votes: readonly SignedVote[];
}

/** Must be durable before the messages that follow it leave. Plain JSON. */
export interface RoundLock {
  readonly runId: string;
  readonly outerStep: number;
  readonly anchorRoot: string;
  /** Highest attempt accepted; −1 = none. */
  readonly promised: number;
  /** Groups accepted so far, whose quorums later groups must cut; each once, with its latest attempt. */
  readonly groups: readonly { readonly attempt: number; readonly members: readonly Hotkey[] }[];
  readonly lock: Lock | null;
}

/** What an accept says about its sender's lock. */
export interface LockSummary {
  readonly attempt: number;
  readonly proposalDigest: string;
  readonly originDigest: string;
  readonly resultDigest: string;
}

export interface AcceptRecord {
  readonly hotkey: Hotkey;
  readonly lock: LockSummary | null;
  /** Digests of this step's results whose chunks its sender has at hand: it can serve them, locked or not. */
  readonly holds: readonly string[];
  readonly signature: string;
}

/** So many results of one step are held: the locked one and the newest. */
export const MAX_HOLDS = 4;

/** Bytes that an accepting member signs. */
export function acceptPayload(
  terms: { runId: string; outerStep: number; attempt: number; proposalDigest: string },
  { lock, holds }: Pick<AcceptRecord, "lock" | "holds">,
): Uint8Array {
  const locked = lock && [lock.attempt, lock.proposalDigest, lock.originDigest, lock.resultDigest];
  return utf8(
    "skein/accept/2\n" +
      JSON.stringify([terms.runId, terms.outerStep, terms.attempt, terms.proposalDigest, locked, holds]),
  );
}

export function summaryOf(lock: Lock): LockSummary {
  return {
    attempt: lock.attempt,
    proposalDigest: proposalDigest(lock.proposal),
    originDigest: proposalDigest(lock.origin),
    resultDigest: lock.resultDigest,
  };
}

export interface LockRules {
  readonly roundKeys: RoundKeyCheck;
  /** With the hotkey signatures of its offers: a liar could else name keys of its own for all of them, and be the quorum. */
  readonly checkProposal: (proposal: Proposal) => void;
}

/** The result that an attempt must commit again, and who of its group can serve the chunks. */
export interface Binding {
  readonly lock: Lock;
  readonly holders: readonly Hotkey[];
}

/**
 * What the attempt of these accepts is bound to, or null when nothing can have been committed before it: somebody of every
 * earlier quorum is among them and would show its lock.
 * @param shown the newest that the accepts name, in full
 * @param prove as `provenLock`
 * @throws {SkeinError} `allreduce/bad-lock` when a claim is not proven; `allreduce/bad-proposal`
 */
export function bindingOf(
  accepts: readonly AcceptRecord[],
  shown: Lock | null,
  prove: (claim: LockSummary, full: Lock | null) => Lock,
): Binding | null {
  const newest = newestClaim(accepts);
  if (newest === null) return null;
  const lock = prove(newest, shown);
  const other = accepts.find(({ lock: claim }) => claim?.attempt === lock.attempt && !isSame(lock, claim));
  if (other !== undefined) {
    throw bad(`another claim of attempt ${lock.attempt} by ${other.hotkey}`, "one", {
      claimer: other.hotkey,
    });
  }
  const holders = accepts.filter((a) => a.holds.includes(lock.resultDigest)).map((a) => a.hotkey);
  return { lock, holders };
}

export function newestClaim(accepts: readonly AcceptRecord[]): LockSummary | null {
  return accepts.reduce<LockSummary | null>(
    (newest, { lock }) => lock !== null && lock.attempt > (newest?.attempt ?? -1) ? lock : newest,
    null,
  );
}

/** @returns `lock`, which is what is claimed @throws {SkeinError} `allreduce/bad-lock`, `allreduce/bad-proposal` */
export function provenLock(claim: LockSummary, lock: Lock | null, rules: LockRules): Lock {
  if (lock === null) throw bad("a claim without its lock", "the lock in full");
  const { proposal, origin, attempt, votes, resultDigest, contentDigest } = lock;
  if (!isSame(lock, claim)) throw bad("another lock than was claimed", "the same");
  if (proposal.attempt !== attempt || origin.attempt > attempt) {
    throw bad(`attempts ${origin.attempt} and ${proposal.attempt}`, `an origin up to attempt ${attempt}`);
  }
  if (resultDigestFrom(proposalDigest(origin), contentDigest) !== resultDigest) {
    throw bad("a result that its origin did not make", "the digest of origin and content");
  }
  rules.checkProposal(proposal);
  const digest = proposalDigest(proposal);
  if (proposalDigest(origin) !== digest) rules.checkProposal(origin);
  const members = new Set(membersOf(proposal));
  const voters = new Set(votes.map(({ hotkey }) => hotkey).filter((hotkey) => members.has(hotkey)));
  if (voters.size !== votes.length || voters.size < quorumOf(members.size)) {
    throw bad(`${voters.size} voters of ${members.size} members`, `${quorumOf(members.size)} distinct ones`);
  }
  const payload = votePayload("vote", { ...proposal, proposalDigest: digest, resultDigest });
  for (const { hotkey, signature } of votes) {
    if (!isSignedIn(proposal, hotkey, payload, signature, rules.roundKeys)) {
      throw bad(`a wrong signature of ${hotkey}`, "its vote");
    }
  }
  return lock;
}

function isSame(lock: Lock, summary: LockSummary): boolean {
  return lock.attempt === summary.attempt && lock.resultDigest === summary.resultDigest &&
    proposalDigest(lock.proposal) === summary.proposalDigest &&
    proposalDigest(lock.origin) === summary.originDigest;
}

function bad(found: string, required: string, payload: Record<string, unknown> = {}) {
  return refuse("allreduce/bad-lock", `check a lock: ${found}, ${required} is required`, payload);
}
