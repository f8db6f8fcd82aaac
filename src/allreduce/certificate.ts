/**
 * The commit certificate: commits of more than two thirds of a group for one result. A plain object of strings and
 * numbers, so that it can be stored, sent, and checked by anybody, at any time.
 *
 * The result digest covers the proposal under which the chunks were reduced (`origin`: it fixes spans and codec) and
 * every chunk's digest in element order. `proposal` is the ballot that committed it: another attempt than the origin
 * when an earlier result was carried forward.
 */
import { sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import type { Hotkey, VerifySignature } from "../base/transport.ts";
import { refuse } from "./errors.ts";
import {
  checkProposal,
  membersOf,
  planOf,
  type Proposal,
  proposalDigest,
  type RunShape,
} from "./proposal.ts";
import { isContinuous, isRecovered, quorumOf } from "./quorum.ts";
import { isSignedIn, type RoundKeyCheck } from "./round_keys.ts";
import { type SignedVote, votePayload } from "./votes.ts";

export interface Certificate {
  readonly runId: string;
  readonly outerStep: number;
  readonly attempt: number;
  readonly proposal: Proposal;
  readonly origin: Proposal;
  readonly resultDigest: string;
  /** Hex, 64 digits a chunk, in element order. */
  readonly chunkDigests: string;
  /** Commits. */
  readonly votes: readonly SignedVote[];
}

/** @param chunkDigests hex, 64 digits a chunk */
export function resultDigestOf(originDigest: string, chunkDigests: string): string {
  return resultDigestFrom(originDigest, contentDigestOf(chunkDigests));
}

/** Of a result's chunks, wherever they were reduced. */
export const contentDigestOf = (chunkDigests: string): string =>
  toHex(sha256Sync(utf8(`skein/content/1\n${chunkDigests}`)));

/** In two steps, so that whoever names a result can prove under which proposal it was reduced without its chunks. */
export const resultDigestFrom = (originDigest: string, contentDigest: string): string =>
  toHex(sha256Sync(utf8(`skein/result/2\n${originDigest}\n${contentDigest}`)));

/** What must hold besides the certificate's own signatures for it to lead on from a state. */
export interface Continuity {
  /** The group that made the anchor: the members of its certificate's origin; empty before the first step. */
  readonly previousMembers: readonly Hotkey[];
  /** Past this height a smaller group may go on. */
  readonly recoveryBlock: number;
  /** Chain height now: nobody can have been in recovery later than that. */
  readonly block: number;
  /** Connected now, self included. */
  readonly present: readonly Hotkey[];
}

/** Heights of two nodes differ by some blocks. */
const BLOCK_TOLERANCE = 3;

/** May a group go on from the state of `rules`? The same answer in a round and when following from outside. */
export function mayGoOn(
  { members, block }: Proposal,
  { previousMembers, recoveryBlock, block: height, present }: Continuity,
): boolean {
  const group = members.map(({ hotkey }) => hotkey);
  if (isContinuous(group, previousMembers)) return true;
  const isRecovery = block >= recoveryBlock && height + BLOCK_TOLERANCE >= block && height >= recoveryBlock;
  return isRecovery && isRecovered(group, previousMembers, present);
}

/**
 * Pure: what is not passed is not checked.
 * @throws {SkeinError} `allreduce/bad-certificate`, `allreduce/bad-proposal`
 */
export function verifyCertificate(
  certificate: Certificate,
  shape: RunShape,
  deps: { verify: VerifySignature; roundKeys: RoundKeyCheck; wasMember: (hotkey: Hotkey) => boolean },
  continuity?: Continuity,
): void {
  const { proposal, origin } = certificate;
  const bad = (found: string, required: string) =>
    refuse(
      "allreduce/bad-certificate",
      `check the certificate of step ${certificate.outerStep}: ${found}, ${required} is required`,
      { outerStep: certificate.outerStep, attempt: certificate.attempt },
    );
  for (const p of [proposal, origin]) {
    if (p.runId !== certificate.runId || p.outerStep !== certificate.outerStep) {
      throw bad(`a proposal of step ${p.outerStep}`, "the same run and step");
    }
    if (p.anchorRoot !== proposal.anchorRoot) throw bad(`two anchors`, "one");
  }
  if (proposal.attempt !== certificate.attempt || origin.attempt > proposal.attempt) {
    throw bad(`attempts ${origin.attempt} and ${proposal.attempt}`, `an origin up to ${certificate.attempt}`);
  }
  const digest = proposalDigest(proposal);
  checkVotes(certificate, digest, deps.roundKeys, bad);
  // The commits' keys are the members' own only if the offers are.
  const rules = { verify: deps.verify, isMember: deps.wasMember };
  checkProposal(proposal, shape, rules);
  const originDigest = proposalDigest(origin);
  if (originDigest !== digest) checkProposal(origin, shape, rules);
  const chunkCount = planOf(origin).chunks.length;
  if (certificate.chunkDigests.length !== 64 * chunkCount) {
    throw bad(`${certificate.chunkDigests.length / 64} chunk digests`, `${chunkCount}`);
  }
  if (resultDigestOf(originDigest, certificate.chunkDigests) !== certificate.resultDigest) {
    throw bad("a result digest that is not of its chunks", "the digest of origin and chunks");
  }
  if (continuity !== undefined && !mayGoOn(proposal, continuity)) {
    throw bad(`a group without enough of the ${continuity.previousMembers.length} before it`, "continuity");
  }
}

function checkVotes(
  certificate: Certificate,
  proposalDigest: string,
  roundKeys: RoundKeyCheck,
  bad: (found: string, required: string) => Error,
): void {
  const members = new Set(membersOf(certificate.proposal));
  const voters = new Set<Hotkey>();
  const payload = votePayload("commit", { ...certificate, proposalDigest });
  for (const { hotkey, signature } of certificate.votes) {
    if (!members.has(hotkey) || voters.has(hotkey)) throw bad(`a commit of ${hotkey}`, "one a member");
    if (!isSignedIn(certificate.proposal, hotkey, payload, signature, roundKeys)) {
      throw bad(`a wrong signature of ${hotkey}`, "its commit");
    }
    voters.add(hotkey);
  }
  if (voters.size < quorumOf(members.size)) {
    throw bad(`${voters.size} commits of ${members.size} members`, `${quorumOf(members.size)}`);
  }
}
