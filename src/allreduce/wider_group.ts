/**
 * The group whose bound on liars still counts. A group that shrinks may keep all of its liars: of four one may lie, and when a
 * slow one is left out, that one is among three, of whom two may go on; it could go on with each of the others. So whoever
 * remembers a group that was allowed more liars than the last one asks of the next that it share an honest member with every
 * other that may follow, by that older bound. What is remembered is a node's own: one that restarts begins anew.
 */
import type { Hotkey } from "../base/transport.ts";
import { faultBound, isContinuous, neededOf } from "./quorum.ts";

export class WiderGroup {
  #previous: readonly Hotkey[] = [];
  #widest: readonly Hotkey[] = [];

  /** @param members the group that made the anchor of the next step, the same as before or another */
  moveTo(members: readonly Hotkey[]): void {
    // Of a group that is no continuation (a recovery, steps that we missed) the old ones say nothing.
    const isNew = faultBound(members.length) >= faultBound(this.#widest.length) ||
      !isContinuous(members, this.#previous);
    if (isNew) this.#widest = members;
    this.#previous = members;
  }

  /** The group to remember besides the last one, or undefined when the last one was allowed as many liars. */
  get members(): readonly Hotkey[] | undefined {
    return this.#widest === this.#previous ? undefined : this.#widest;
  }
}

/**
 * May `group` go on from `previous`, when as many may lie as could in `wider`? It must hold more than half of `previous` and
 * those liars, or enough of `wider` itself and of `previous` as much as cuts every group of the first kind: then any two share
 * more than the liars. Where that asks for more members than `previous` has, all of them are enough.
 */
export function isContinuousInWider(
  group: readonly Hotkey[],
  previous: readonly Hotkey[],
  wider: readonly Hotkey[],
): boolean {
  const members = new Set(group);
  const liars = faultBound(wider.length);
  const needed = Math.min(previous.length, neededOf(previous.length, liars));
  const kept = previous.filter((hotkey) => members.has(hotkey)).length;
  return kept >= needed || (isContinuous(group, wider) && kept + needed > previous.length + liars);
}
