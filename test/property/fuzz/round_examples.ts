/** A round of three members as its messages, all of which pass their checks: what mutations start from. */
import { fromHex, sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { type Certificate, resultDigestFrom, resultDigestOf } from "../../../src/allreduce/certificate.ts";
import { certificateMessage, type Kind } from "../../../src/allreduce/messages.ts";
import { orderCandidates } from "../../../src/allreduce/order.ts";
import { type Proposal, proposalDigest } from "../../../src/allreduce/proposal.ts";

export const digestOf = (text: string) => toHex(sha256Sync(utf8(text)));
export const signature = "5a".repeat(64);
export const SHAPE = {
  runId: digestOf("run"),
  seed: "fuzzed",
  codec: "f32",
  elementCount: 5000,
  chunkElements: 1024,
  minGroup: 2,
  samplesPerInnerStep: 1,
  maxInnerSteps: 1000,
};
export const DEPS = {
  verify: () => true,
  roundKeys: {
    verify: () => true,
    create: () => ({ publicKey: digestOf("round key"), sign: () => fromHex(signature) }),
  },
  isMember: () => true,
  wasMember: () => true,
};
export const MEMBERS = orderCandidates(SHAPE.seed, 3, ["alice", "bob", "carol"]);
export const CONTINUITY = { previousMembers: MEMBERS, recoveryBlock: Infinity, block: 100, present: MEMBERS };
export const ballot = (proposal: Proposal) => ({
  runId: SHAPE.runId,
  outerStep: 3,
  attempt: proposal.attempt,
  proposalDigest: proposalDigest(proposal),
});

export function proposalOf(attempt: number): Proposal {
  return {
    runId: SHAPE.runId,
    outerStep: 3,
    anchorRoot: digestOf("anchor"),
    codec: SHAPE.codec,
    attempt,
    leader: MEMBERS[attempt % 3],
    block: 100,
    elementCount: SHAPE.elementCount,
    chunkElements: SHAPE.chunkElements,
    members: MEMBERS.map((hotkey, i) => ({
      hotkey,
      innerSteps: 10,
      samples: 10,
      bandwidthBytesPerSec: 1e6 * i,
      waypointDigest: digestOf(hotkey),
      block: 99,
      roundKey: digestOf(`round key of ${hotkey}`),
      signature,
    })),
  };
}

export function certificateOf(proposal: Proposal, origin: Proposal): Certificate {
  const chunkDigests = Array.from({ length: 6 }, (_, i) => digestOf(`chunk ${i}`)).slice(0, 5).join("");
  return {
    runId: SHAPE.runId,
    outerStep: 3,
    attempt: proposal.attempt,
    proposal,
    origin,
    resultDigest: resultDigestOf(proposalDigest(origin), chunkDigests),
    chunkDigests,
    votes: MEMBERS.map((hotkey) => ({ hotkey, signature })),
  };
}

/** A message of each kind that passes its schema. */
export function headersOf(): Record<Kind, unknown[]> {
  const [first, second] = [proposalOf(0), proposalOf(1)];
  const contentDigest = digestOf("content");
  const resultDigest = resultDigestFrom(proposalDigest(first), contentDigest);
  const votes = MEMBERS.map((hotkey) => ({ hotkey, signature }));
  const lock = { attempt: 0, proposal: first, origin: first, resultDigest, contentDigest, votes };
  const summary = {
    attempt: 0,
    proposalDigest: proposalDigest(first),
    originDigest: proposalDigest(first),
    resultDigest,
  };
  const terms = { runId: SHAPE.runId, outerStep: 3, anchorRoot: first.anchorRoot, codec: "f32" };
  const certificates = [certificateOf(first, first), certificateOf(second, first)];
  return {
    ready: [{ ...terms, ...first.members[0] }],
    propose: [{ proposal: first, signature }, { proposal: second, signature }],
    outline: [{
      ...ballot(first),
      leader: MEMBERS[0],
      block: 100,
      offers: signature.slice(0, 16).repeat(MEMBERS.length),
      signature,
    }],
    want: [ballot(first)],
    accept: [
      { ...ballot(second), lock: summary, holds: [resultDigest], full: lock, signature },
      { ...ballot(first), lock: null, holds: [], full: null, signature },
    ],
    refuse: [{ ...ballot(first), promised: -1, reason: "quorum" }],
    begin: [{
      ...ballot(second),
      accepts: MEMBERS.map((hotkey) => ({ hotkey, lock: summary, holds: [], signature })),
      lock,
    }],
    chunk: [{ ...ballot(first), chunk: 2, digest: digestOf("chunk 2") }, { ...ballot(first), chunk: 0 }],
    partial: [{ ...ballot(first), chunk: 2, digest: digestOf("partial"), weight: 30 }],
    result: [signature, null].map((seal) => ({
      ...ballot(first),
      chunk: 2,
      digest: digestOf("chunk 2"),
      seal,
    })),
    vote: [{ ...ballot(first), resultDigest, signature }],
    commit: [{ ...ballot(first), resultDigest, signature }],
    seals: [{ ...ballot(first), spans: [{ spanDigest: digestOf("span"), seal: signature }, null] }],
    complaint: [{ ...ballot(first), suspects: MEMBERS.slice(1) }],
    certificate: certificates.map((each) => certificateMessage(each).header),
    pull: [{ runId: SHAPE.runId, outerStep: 3, resultDigest, chunk: -1 }],
  };
}
