/**
 * Which state to stand on, when peers show different ones. Offers that follow from each other (a certificate is anchored at
 * the root before it, and its group may go on from that one's) are one lineage, and the lineage wins that most distinct
 * hotkeys stand behind: peers that hold it, and members that signed it. A liar with a certificate of its own for step
 * 2³¹ has one. Only then does the newest step count, and within a step the root that most hold.
 */
import type { Certificate } from "../allreduce/allreduce.ts";
import { isContinuous } from "../allreduce/quorum.ts";
import type { Hotkey } from "../base/transport.ts";

export interface Offer {
  readonly outerStep: number;
  readonly root: string;
  /** Verified; undefined at step 0. */
  readonly certificate: Certificate | undefined;
  readonly peers: readonly Hotkey[];
}

export interface Choice {
  readonly offer: Offer;
  /** The offer that it follows from: its root is signed by the group of `offer`'s certificate. */
  readonly parent: Offer | undefined;
  /** Distinct hotkeys behind the lineage. */
  readonly support: number;
}

/** @param offers ours among them; step 0 counts for nothing */
export function chooseState(offers: readonly Offer[]): Choice | undefined {
  const made = offers.filter(({ certificate }) => certificate !== undefined);
  const lineages = new Map<Offer, Offer[]>();
  for (const offer of made) {
    const first = ancestors(offer, offers).at(-1)!;
    lineages.set(first, [...lineages.get(first) ?? [], offer]);
  }
  const choices = [...lineages.values()].map((lineage) => {
    const offer = [...lineage].sort(newestFirst)[0];
    return { offer, parent: parentOf(offer, offers), support: supportOf(lineage) };
  });
  return choices.sort((a, b) => b.support - a.support || newestFirst(a.offer, b.offer))[0];
}

function newestFirst(a: Offer, b: Offer): number {
  return b.outerStep - a.outerStep || b.peers.length - a.peers.length || (a.root < b.root ? -1 : 1);
}

function supportOf(lineage: readonly Offer[]): number {
  const behind = lineage.flatMap(({ peers, certificate }) => [
    ...peers,
    ...certificate!.votes.map(({ hotkey }) => hotkey),
  ]);
  return new Set(behind).size;
}

/** `offer`, its parent, and so on, as far as they are on offer. */
function ancestors(offer: Offer, offers: readonly Offer[]): Offer[] {
  const chain = [offer];
  for (let at = parentOf(offer, offers); at !== undefined; at = parentOf(at, offers)) {
    if (at.certificate === undefined) break;
    chain.push(at);
  }
  return chain;
}

function parentOf({ outerStep, certificate }: Offer, offers: readonly Offer[]): Offer | undefined {
  if (certificate === undefined) return undefined;
  const group = certificate.proposal.members.map(({ hotkey }) => hotkey);
  return offers.find((parent) =>
    parent.outerStep === outerStep - 1 && parent.root === certificate.proposal.anchorRoot &&
    isContinuous(group, parent.certificate?.origin.members.map(({ hotkey }) => hotkey) ?? [])
  );
}
