/**
 * The commit certificate: signatures of more than two thirds of a group over one result. A plain object of strings and
 * numbers, so that it can be stored, sent, and checked by anybody, at any time.
 *
 * The result digest covers the proposal under which the chunks were reduced (`origin`: it fixes spans and codec) and
 * every chunk's digest in element order. `proposal` is the ballot that committed it: another attempt than the origin
 * when an earlier result was carried forward.
 */
import { fromHex, sha256Sync, toHex, utf8 } from "../base/bytes.ts";
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
import { isContinuous, quorumOf } from "./quorum.ts";

export interface Vote {
  readonly runId: string;
  readonly outerStep: number;
  readonly attempt: number;
  readonly proposalDigest: string;
  readonly resultDigest: string;
  readonly signature: string;
}

export interface Certificate {
  readonly runId: string;
  readonly outerStep: number;
  readonly attempt: number;
  readonly proposal: Proposal;
  readonly origin: Proposal;
  readonly resultDigest: string;
  /** Hex, 64 digits a chunk, in element order. */
  readonly chunkDigests: string;
  readonly votes: readonly { readonly hotkey: Hotkey; readonly signature: string }[];
}

/** Bytes that a member signs when it holds every result chunk. */
export function votePayload(vote: Omit<Vote, "signature">): Uint8Array {
  return utf8(
    "skein/vote/1\n" +
      JSON.stringify([vote.runId, vote.outerStep, vote.attempt, vote.proposalDigest, vote.resultDigest]),
  );
}

/** @param chunkDigests hex, 64 digits a chunk */
export function resultDigestOf(originDigest: string, chunkDigests: string): string {
  return toHex(sha256Sync(utf8(`skein/result/1\n${originDigest}\n${chunkDigests}`)));
}

/**
 * Pure: what is not passed is not checked.
 * @param context.previousMembers the group that made the anchor; checks continuity unless the proposal's block is past
 *   `recoveryBlock`
 * @throws {SkeinError} `allreduce/bad-certificate`, `allreduce/bad-proposal`
 */
export function verifyCertificate(
  certificate: Certificate,
  shape: RunShape,
  deps: { verify: VerifySignature; isMember: (hotkey: Hotkey) => boolean },
  context: { previousMembers?: readonly Hotkey[]; recoveryBlock?: number } = {},
): void {
  const { proposal, origin, votes } = certificate;
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
  checkProposal(proposal, shape, deps);
  const digest = proposalDigest(proposal);
  const originDigest = proposalDigest(origin);
  if (originDigest !== digest) checkProposal(origin, shape, deps);
  const chunkCount = planOf(origin).chunks.length;
  if (certificate.chunkDigests.length !== 64 * chunkCount) {
    throw bad(`${certificate.chunkDigests.length / 64} chunk digests`, `${chunkCount}`);
  }
  if (resultDigestOf(originDigest, certificate.chunkDigests) !== certificate.resultDigest) {
    throw bad("a result digest that is not of its chunks", "the digest of origin and chunks");
  }
  const members = new Set(membersOf(proposal));
  const voters = new Set<Hotkey>();
  const payload = votePayload({ ...certificate, proposalDigest: digest });
  for (const { hotkey, signature } of votes) {
    if (!members.has(hotkey) || voters.has(hotkey)) throw bad(`a vote of ${hotkey}`, "one vote a member");
    if (!deps.verify(hotkey, payload, fromHex(signature))) {
      throw bad(`a wrong signature of ${hotkey}`, "its vote");
    }
    voters.add(hotkey);
  }
  if (voters.size < quorumOf(members.size)) {
    throw bad(`${voters.size} votes of ${members.size} members`, `${quorumOf(members.size)}`);
  }
  const isRecovery = context.recoveryBlock !== undefined && proposal.block >= context.recoveryBlock;
  if (context.previousMembers && !isRecovery && !isContinuous([...members], context.previousMembers)) {
    throw bad("a group without a majority of the group before it", "continuity");
  }
}
