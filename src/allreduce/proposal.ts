/**
 * Ready and Propose: what a member offers, and the group that a leader makes of offers. A proposal carries each
 * member's own ready, signed by its hotkey, so a leader can neither invent a member nor change its weight, and whoever holds a
 * certificate later can see who took part, with how many samples, from which anchor and waypoint.
 */
import { fromHex, sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import type { Hotkey, VerifySignature } from "../base/transport.ts";
import { refuse } from "./errors.ts";
import { planGrid } from "./grid_plan.ts";
import { orderCandidates } from "./order.ts";
import { planSpans, SPAN_ALIGNMENT_ELEMENTS, type SpanPlan } from "./span_plan.ts";

export const MAX_GROUP_MEMBERS = 1024;
/** A larger group is a grid (grid_plan.ts): in a mesh everybody would exchange bulk with everybody. */
export const MAX_MESH_MEMBERS = 64;

/** What one member brings. Hex strings: digests and keys 64 digits, signatures 128. */
export interface Offer {
  readonly hotkey: Hotkey;
  readonly innerSteps: number;
  /** Weight of the member's pseudo-gradient in the mean: above zero. */
  readonly samples: number;
  /** 0 = contributes but reduces nothing. */
  readonly bandwidthBytesPerSec: number;
  readonly waypointDigest: string;
  /** Chain height when it became ready. */
  readonly block: number;
  /** Of the key that signs what this member says in a group of this offer (round_keys.ts). */
  readonly roundKey: string;
  /** The hotkey's. */
  readonly signature: string;
}

/** The round an offer is for. */
export interface RoundTerms {
  readonly runId: string;
  /** The step being produced, from anchor `outerStep − 1`. */
  readonly outerStep: number;
  readonly anchorRoot: string;
  readonly codec: string;
}

export type Ready = RoundTerms & Offer;

export interface Proposal extends RoundTerms {
  readonly attempt: number;
  readonly leader: Hotkey;
  readonly block: number;
  readonly elementCount: number;
  readonly chunkElements: number;
  /** As the run's shape says. */
  readonly meshMembers?: number;
  /** In candidate order, at most `MAX_GROUP_MEMBERS`. */
  readonly members: readonly Offer[];
}

/** Bytes that a member signs when it is ready. */
export function readyPayload(terms: RoundTerms, offer: Omit<Offer, "signature">): Uint8Array {
  return utf8(
    "skein/ready/2\n" + JSON.stringify([
      terms.runId,
      terms.outerStep,
      terms.anchorRoot,
      terms.codec,
      offer.hotkey,
      offer.innerSteps,
      offer.samples,
      offer.bandwidthBytesPerSec,
      offer.waypointDigest,
      offer.block,
      offer.roundKey,
    ]),
  );
}

/** Is the offer its hotkey's, for this round? */
export function verifyOffer(terms: RoundTerms, offer: Offer, verify: VerifySignature): boolean {
  return verify(offer.hotkey, readyPayload(terms, offer), fromHex(offer.signature));
}

const digests = new WeakMap<Proposal, string>();

/** Hex SHA-256 of everything in the proposal, the members' signatures included. */
export function proposalDigest(p: Proposal): string {
  const known = digests.get(p);
  if (known !== undefined) return known;
  const digest = computeDigest(p);
  digests.set(p, digest);
  return digest;
}

function computeDigest(p: Proposal): string {
  const members = p.members.map((m) => [
    m.hotkey,
    m.innerSteps,
    m.samples,
    m.bandwidthBytesPerSec,
    m.waypointDigest,
    m.block,
    m.roundKey,
    m.signature,
  ]);
  return toHex(sha256Sync(utf8(
    "skein/proposal/2\n" + JSON.stringify([
      p.runId,
      p.outerStep,
      p.anchorRoot,
      p.codec,
      p.attempt,
      p.leader,
      p.block,
      p.elementCount,
      p.chunkElements,
      members,
      ...(p.meshMembers === undefined ? [] : [p.meshMembers]),
    ]),
  )));
}

/** Bytes that the leader signs. */
export const proposePayload = (digest: string): Uint8Array => utf8(`skein/propose/1\n${digest}`);

export const membersOf = (proposal: Proposal): Hotkey[] => proposal.members.map((m) => m.hotkey);

const indexes = new WeakMap<Proposal, ReadonlyMap<Hotkey, number>>();

/** The member's place in the group, −1 = none. A large group is asked this for each of its votes. */
export function memberIndexOf(proposal: Proposal, hotkey: Hotkey): number {
  let index = indexes.get(proposal);
  if (!index) indexes.set(proposal, index = new Map(proposal.members.map((m, i) => [m.hotkey, i])));
  return index.get(hotkey) ?? -1;
}

/** A claim of more bandwidth than this times the median counts as that: nobody can draw all spans to itself. */
const MAX_BANDWIDTH_RATIO = 4;

const plans = new WeakMap<Proposal, SpanPlan>();

export function planOf(proposal: Proposal): SpanPlan {
  const known = plans.get(proposal);
  if (known !== undefined) return known;
  const plan = computePlan(proposal);
  plans.set(proposal, plan);
  return plan;
}

function computePlan(proposal: Proposal): SpanPlan {
  const claimed = proposal.members.map((m) => m.bandwidthBytesPerSec);
  const most = MAX_BANDWIDTH_RATIO * typicalBandwidth(proposal.members);
  const bandwidths = claimed.map((b) => Math.min(b, most));
  const isMesh = claimed.length <= (proposal.meshMembers ?? MAX_MESH_MEMBERS);
  const { elementCount, chunkElements, outerStep } = proposal;
  return (isMesh ? planSpans : planGrid)(elementCount, chunkElements, bandwidths, outerStep);
}

/** Bytes a second that the lower half of the members claim at most, 0 = nobody claims any. */
function typicalBandwidth(members: readonly Pick<Offer, "bandwidthBytesPerSec">[]): number {
  const claimed = members.map((m) => m.bandwidthBytesPerSec).filter((b) => b > 0).sort((a, b) => a - b);
  return claimed[(claimed.length - 1) >> 1] ?? 0;
}

/** Chunks of the run's size: below, a connection that loses packets takes half a second for one; above, each costs more than its bytes. */
const SLOW_BYTES_PER_SEC = 25e6;
const FAST_BYTES_PER_SEC = 50e6;

/** Elements of a chunk in a group of these members: of a mesh half as many on slow links, twice as many on fast ones. */
export function chunkElementsIn(
  { chunkElements, areChunksFitted, meshMembers = MAX_MESH_MEMBERS }: RunShape,
  members: readonly Pick<Offer, "bandwidthBytesPerSec">[],
): number {
  if (!areChunksFitted || members.length > meshMembers) return chunkElements;
  const bytesPerSec = typicalBandwidth(members);
  if (bytesPerSec >= FAST_BYTES_PER_SEC) return 2 * chunkElements;
  if (bytesPerSec === 0 || bytesPerSec >= SLOW_BYTES_PER_SEC) return chunkElements;
  const blocks = chunkElements / SPAN_ALIGNMENT_ELEMENTS;
  return SPAN_ALIGNMENT_ELEMENTS * Math.max(1, Math.floor(blocks / 2));
}

/** What every proposal of a run must agree with, whoever made it. */
export interface RunShape {
  readonly runId: string;
  readonly seed: string;
  readonly codec: string;
  readonly elementCount: number;
  readonly chunkElements: number;
  /** To the members' links (`chunkElementsIn`). */
  readonly areChunksFitted?: boolean;
  readonly minGroup: number;
  /** What an offer may claim: `samples` is `innerSteps` times this. */
  readonly samplesPerInnerStep: number;
  readonly maxInnerSteps: number;
  /** Groups of more members are grids; `MAX_MESH_MEMBERS` by default. */
  readonly meshMembers?: number;
  /** `MAX_GROUP_MEMBERS` by default; less where the codec's means cannot be summed again. */
  readonly maxGroup?: number;
}

/**
 * The checks that need no memory: shape, order, membership, signatures.
 * @throws {SkeinError} `allreduce/bad-proposal`; `allreduce/not-a-member`, which may be no fault of its sender: two nodes
 *   may know of different blocks
 */
export function checkProposal(
  p: Proposal,
  shape: RunShape,
  deps: {
    verify: VerifySignature;
    isMember: (hotkey: Hotkey) => boolean;
  },
): void {
  const bad = (found: string, required: string) =>
    refuse(
      "allreduce/bad-proposal",
      `check a proposal of step ${p.outerStep}: ${found}, ${required} is required`,
      {
        outerStep: p.outerStep,
        attempt: p.attempt,
        leader: p.leader,
      },
    );
  for (const key of ["runId", "codec", "elementCount", "meshMembers"] as const) {
    if (p[key] !== shape[key]) throw bad(`${key} ${p[key]}`, String(shape[key]));
  }
  const chunkElements = chunkElementsIn(shape, p.members);
  if (p.chunkElements !== chunkElements) throw bad(`chunkElements ${p.chunkElements}`, String(chunkElements));
  const hotkeys = membersOf(p);
  const maxGroup = shape.maxGroup ?? MAX_GROUP_MEMBERS;
  if (hotkeys.length < shape.minGroup || hotkeys.length > maxGroup) {
    throw bad(`${hotkeys.length} members`, `${shape.minGroup} to ${maxGroup}`);
  }
  const ordered = orderCandidates(shape.seed, p.outerStep, hotkeys);
  if (ordered.length !== hotkeys.length || ordered.some((hotkey, i) => hotkey !== hotkeys[i])) {
    throw bad("members out of order or twice", "the candidate order");
  }
  if (memberIndexOf(p, p.leader) < 0) throw bad(`leader ${p.leader} outside its group`, "a member");
  for (const offer of p.members) {
    if (!deps.isMember(offer.hotkey)) {
      throw refuse(
        "allreduce/not-a-member",
        `check a proposal of step ${p.outerStep}: ${offer.hotkey} is not registered as far as this node knows`,
        { hotkey: offer.hotkey },
      );
    }
    if (!isFairOffer(offer, shape)) {
      throw bad(
        `${offer.samples} samples in ${offer.innerSteps} inner steps of ${offer.hotkey}`,
        `${shape.samplesPerInnerStep} a step, at most ${shape.maxInnerSteps} steps`,
      );
    }
    if (!verifyOffer(p, offer, deps.verify)) {
      throw bad(`a wrong signature of ${offer.hotkey}`, "its signed ready");
    }
  }
}

/** A member's weight in the mean is what its inner steps allow, and these have a bound. */
export function isFairOffer(
  { samples, innerSteps }: Pick<Offer, "samples" | "innerSteps">,
  shape: Pick<RunShape, "samplesPerInnerStep" | "maxInnerSteps">,
): boolean {
  return innerSteps >= 1 && innerSteps <= shape.maxInnerSteps &&
    samples === innerSteps * shape.samplesPerInnerStep;
}
