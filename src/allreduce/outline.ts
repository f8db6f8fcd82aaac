/**
 * Short forms of what a leader tells a large group. Its members have each other's readies already, so an *outline* names
 * each offer by the first digits of its signature, 28 times shorter; who lacks one, or finds another digest, asks for
 * the proposal itself. And accepts that claim nothing differ in their signatures only.
 */
import type { AcceptRecord } from "./lock.ts";
import type { Header } from "./messages.ts";
import {
  chunkElementsIn,
  membersOf,
  type Offer,
  planOf,
  type Proposal,
  proposalDigest,
  type RunShape,
} from "./proposal.ts";

/** Enough that two offers of a step have the same once in 10¹³ rounds; and then the digest tells. */
const OFFER_NAME_DIGITS = 16;

export const offerName = ({ signature }: Offer): string => signature.slice(0, OFFER_NAME_DIGITS);

export function outlineOf(proposal: Proposal, signature: string): Header<"outline"> {
  const { runId, outerStep, attempt, leader, block, members } = proposal;
  const offers = members.map(offerName).join("");
  return {
    runId,
    outerStep,
    attempt,
    proposalDigest: proposalDigest(proposal),
    leader,
    block,
    offers,
    signature,
  };
}

/** @returns undefined when an offer is missing, or what was proposed is not what these make */
export function proposalFrom(
  outline: Header<"outline">,
  shape: RunShape,
  anchorRoot: string,
  offerNamed: (name: string) => Offer | undefined,
): Proposal | undefined {
  const members: Offer[] = [];
  for (let at = 0; at < outline.offers.length; at += OFFER_NAME_DIGITS) {
    const offer = offerNamed(outline.offers.slice(at, at + OFFER_NAME_DIGITS));
    if (!offer) return undefined;
    members.push(bareOffer(offer));
  }
  const { runId, outerStep, attempt, leader, block } = outline;
  const { codec, elementCount, meshMembers } = shape;
  const proposal: Proposal = {
    runId,
    outerStep,
    anchorRoot,
    codec,
    attempt,
    leader,
    block,
    elementCount,
    chunkElements: chunkElementsIn(shape, members),
    ...(meshMembers === undefined ? {} : { meshMembers }),
    members,
  };
  return proposalDigest(proposal) === outline.proposalDigest ? proposal : undefined;
}

/** Of a ready, what a proposal holds of it. */
export function bareOffer(ready: Offer): Offer {
  const { hotkey, innerSteps, samples, bandwidthBytesPerSec, waypointDigest, block, roundKey, signature } =
    ready;
  return { hotkey, innerSteps, samples, bandwidthBytesPerSec, waypointDigest, block, roundKey, signature };
}

/** What a begin says of the accepts. */
export function briefly(
  proposal: Proposal,
  accepts: readonly AcceptRecord[],
): { accepts: readonly AcceptRecord[]; signatures?: string } {
  const claimsNothing = accepts.every(({ lock, holds }) => lock === null && holds.length === 0);
  if (!planOf(proposal).grid || !claimsNothing) return { accepts };
  return { accepts: [], signatures: accepts.map(({ signature }) => signature).join("") };
}

/** The accepts that a begin shows, each named. */
export function acceptsOf(proposal: Proposal, begin: Header<"begin">): readonly AcceptRecord[] {
  const { accepts, signatures } = begin;
  if (accepts.length > 0 || signatures === undefined) return accepts;
  return membersOf(proposal).slice(0, signatures.length / 128).map((hotkey, i) => ({
    hotkey,
    lock: null,
    holds: [],
    signature: signatures.slice(128 * i, 128 * (i + 1)),
  }));
}
