/** Who could be in a group now: ready, at the same anchor, connected, and not suspected of stalling the last attempt. */
import type { Hotkey } from "../base/transport.ts";
import { offerName } from "./outline.ts";
import { orderCandidates } from "./order.ts";
import { MAX_GROUP_MEMBERS, type Ready, type RunShape } from "./proposal.ts";
import { cutsQuorum, isContinuous, isRecovered, neededOf } from "./quorum.ts";
import type { Suspicions } from "./suspicions.ts";
import { isContinuousInWider } from "./wider_group.ts";

export class Candidates {
  readonly self: Hotkey;
  #seed: string;
  #maxGroup: number;
  #outerStep: number;
  #readies = new Map<Hotkey, Ready>();
  #byName = new Map<string, Ready>();
  /** At another anchor: nobody waits for them. */
  #elsewhere = new Set<Hotkey>();
  #live: Set<Hotkey>;
  #suspicions: Suspicions;
  #previous: ReadonlySet<Hotkey>;

  constructor(
    shape: Pick<RunShape, "seed" | "maxGroup">,
    own: Ready,
    live: Iterable<Hotkey>,
    suspicions: Suspicions,
    previousMembers: readonly Hotkey[] = [],
  ) {
    this.#previous = new Set(previousMembers);
    this.#suspicions = suspicions;
    this.self = own.hotkey;
    this.#seed = shape.seed;
    this.#maxGroup = shape.maxGroup ?? MAX_GROUP_MEMBERS;
    this.#outerStep = own.outerStep;
    this.#live = new Set([...live, own.hotkey]);
    this.add(own);
  }

  /** @param ready verified, at our anchor */
  add(ready: Ready): void {
    this.#elsewhere.delete(ready.hotkey);
    this.#forget(ready.hotkey);
    this.#readies.set(ready.hotkey, ready);
    this.#byName.set(offerName(ready), ready);
  }

  /** The ready whose offer an outline calls so. */
  named(name: string): Ready | undefined {
    return this.#byName.get(name);
  }

  #forget(hotkey: Hotkey): void {
    const ready = this.#readies.get(hotkey);
    if (ready && this.#byName.get(offerName(ready)) === ready) this.#byName.delete(offerName(ready));
    this.#readies.delete(hotkey);
  }

  addElsewhere(hotkey: Hotkey): void {
    this.#forget(hotkey);
    this.#elsewhere.add(hotkey);
  }

  setLive(peer: Hotkey, isUp: boolean): void {
    if (isUp) this.#live.add(peer);
    else this.#live.delete(peer);
  }

  isLive(hotkey: Hotkey): boolean {
    return this.#live.has(hotkey);
  }

  /** Connected now, self included. */
  present(): Hotkey[] {
    return [...this.#live];
  }

  /**
   * The group that could be proposed now, in candidate order, self included: without suspects if the others may go on alone,
   * else with the least suspected of them.
   */
  group(nowMs: number, isAllowed: (hotkeys: readonly Hotkey[]) => boolean): Ready[] {
    const able = [...this.#readies.keys()].filter((hotkey) => this.#live.has(hotkey));
    const isSuspect = (hotkey: Hotkey) => hotkey !== this.self && this.#suspicions.isSuspect(hotkey, nowMs);
    const trusted = this.#ordered(able.filter((hotkey) => !isSuspect(hotkey)));
    const suspects = able.filter(isSuspect).sort((a, b) =>
      this.#suspicions.strikes(a) - this.#suspicions.strikes(b) || (a < b ? -1 : 1)
    );
    const readies = (group: readonly Hotkey[]) => group.map((hotkey) => this.#readies.get(hotkey)!);
    const withSuspects = (count: number) => this.#ordered([...trusted, ...suspects.slice(0, count)]);
    if (isAllowed(trusted) || !isAllowed(withSuspects(suspects.length))) return readies(trusted);
    // Who adds members allows no less: as few suspects as do, found by halves.
    let [few, enough] = [0, suspects.length];
    while (enough - few > 1) {
      const middle = (few + enough) >> 1;
      if (isAllowed(withSuspects(middle))) enough = middle;
      else few = middle;
    }
    return readies(withSuspects(enough));
  }

  /**
   * In candidate order, self included. Of more than fit in a group, as many of the one before as continuity needs come first,
   * and then others: the order is drawn anew each step, and chance alone would keep too few.
   */
  #ordered(hotkeys: readonly Hotkey[]): Hotkey[] {
    const inOrder = (these: Iterable<Hotkey>) => orderCandidates(this.#seed, this.#outerStep, these);
    const all = inOrder(hotkeys);
    if (all.length <= this.#maxGroup) return all;
    const before = all.filter((hotkey) => this.#previous.has(hotkey));
    const needed = before.slice(0, neededOf(this.#previous.size));
    const chosen = new Set([this.self, ...needed]);
    const rest = [...all.filter((hotkey) => !this.#previous.has(hotkey)), ...before];
    for (const hotkey of rest) if (chosen.size < this.#maxGroup) chosen.add(hotkey);
    return inOrder(chosen);
  }

  isComplete(expected: readonly Hotkey[]): boolean {
    return expected.every((hotkey) => this.#readies.has(hotkey) || this.#elsewhere.has(hotkey));
  }
}

export interface GroupRules {
  readonly previousMembers: readonly Hotkey[];
  /** A group before that one, of which more may lie (wider_group.ts). */
  readonly widerGroup?: readonly Hotkey[];
  readonly earlierGroups: readonly { readonly members: readonly Hotkey[] }[];
  /** In recovery: who is there. */
  readonly present?: readonly Hotkey[];
}

/** Why a group may not be accepted, or undefined. The rules of quorum.ts and wider_group.ts that need memory. */
export function groupObjection(
  group: readonly Hotkey[],
  { previousMembers, widerGroup, earlierGroups, present }: GroupRules,
): "continuity" | "quorum" | undefined {
  const isInWider = widerGroup === undefined || isContinuousInWider(group, previousMembers, widerGroup);
  const goesOn = (isContinuous(group, previousMembers) && isInWider) ||
    (present !== undefined && isRecovered(group, previousMembers, present));
  if (!goesOn) return "continuity";
  if (present !== undefined) return undefined;
  return earlierGroups.every(({ members }) => cutsQuorum(group, members)) ? undefined : "quorum";
}
