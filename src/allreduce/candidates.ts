/** Who could be in a group now: ready, at the same anchor, connected, and not suspected of stalling the last attempt. */
import type { Hotkey } from "../base/transport.ts";
import { orderCandidates } from "./order.ts";
import { MAX_GROUP_MEMBERS, type Offer, type Ready } from "./proposal.ts";
import { cutsQuorum, isContinuous } from "./quorum.ts";

export class Candidates {
  readonly self: Hotkey;
  #seed: string;
  #outerStep: number;
  #readies = new Map<Hotkey, Ready>();
  /** At another anchor: nobody waits for them. */
  #elsewhere = new Set<Hotkey>();
  #live: Set<Hotkey>;
  /** Hotkey → suspected until, in milliseconds. */
  #suspects = new Map<Hotkey, number>();

  constructor(seed: string, own: Ready, live: Iterable<Hotkey>) {
    this.self = own.hotkey;
    this.#seed = seed;
    this.#outerStep = own.outerStep;
    this.#live = new Set([...live, own.hotkey]);
    this.#readies.set(own.hotkey, own);
  }

  /** @param ready verified, at our anchor */
  add(ready: Ready): void {
    this.#elsewhere.delete(ready.hotkey);
    this.#readies.set(ready.hotkey, ready);
  }

  addElsewhere(hotkey: Hotkey): void {
    this.#readies.delete(hotkey);
    this.#elsewhere.add(hotkey);
  }

  setLive(peer: Hotkey, isUp: boolean): void {
    if (isUp) this.#live.add(peer);
    else this.#live.delete(peer);
  }

  isLive(hotkey: Hotkey): boolean {
    return this.#live.has(hotkey);
  }

  suspect(hotkey: Hotkey, untilMs: number): void {
    if (hotkey !== this.self) this.#suspects.set(hotkey, untilMs);
  }

  /** Was this very offer verified before? */
  knows(offer: Offer): boolean {
    return this.#readies.get(offer.hotkey)?.signature === offer.signature;
  }

  /** The group that could be proposed now, in candidate order, self included. */
  group(nowMs: number): Ready[] {
    const able = [...this.#readies.keys()].filter((hotkey) =>
      this.#live.has(hotkey) && !((this.#suspects.get(hotkey) ?? -Infinity) > nowMs)
    );
    const ordered = orderCandidates(this.#seed, this.#outerStep, able);
    const first = ordered.slice(0, MAX_GROUP_MEMBERS);
    if (!first.includes(this.self)) first[MAX_GROUP_MEMBERS - 1] = this.self;
    return first.map((hotkey) => this.#readies.get(hotkey)!);
  }

  isComplete(expected: readonly Hotkey[]): boolean {
    return expected.every((hotkey) => this.#readies.has(hotkey) || this.#elsewhere.has(hotkey));
  }
}

/** Why a group may not be accepted, or undefined. The two rules of quorum.ts that need memory. */
export function groupObjection(
  group: readonly Hotkey[],
  previousMembers: readonly Hotkey[],
  earlierGroups: readonly { readonly members: readonly Hotkey[] }[],
): "continuity" | "quorum" | undefined {
  if (!isContinuous(group, previousMembers)) return "continuity";
  if (!earlierGroups.every(({ members }) => cutsQuorum(group, members))) return "quorum";
  return undefined;
}
