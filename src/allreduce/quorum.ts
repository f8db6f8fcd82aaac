/**
 * The arithmetic of safety. Of a group of n members at most `faultBound(n)` are Byzantine: they say anything to anybody. The
 * rest may crash and come back with what they had stored. Three facts make two certificates for one step impossible:
 *
 *   1. two quorums of one group share more than f members, so an honest one, and that one votes once an attempt: at most one
 *      result of an attempt is ever *prepared* (has a quorum of votes);
 *   2. two groups of one step share an honest member, because each holds more than (n + f)/2 of the previous group
 *      (`isContinuous`; the members of the certificate's origin: one result may be certified by several ballots), and an
 *      honest member accepts ascending attempts only, so one attempt begins at most one group;
 *   3. a later group shares an honest member with every possible quorum of each earlier group its members accepted
 *      (`cutsQuorum`). Whoever signs a commit holds the prepared result's votes, and shows them when it accepts a later
 *      attempt, which must then commit the same (lock.ts).
 *
 * Of three or fewer f = 0: with a liar among them no majority could go on when another crashes. From four on f is a third,
 * which is safe; that a group also goes on against f that are silent needs fewer (n > 3f). A group that shrinks may keep all
 * its liars: wider_group.ts remembers how many there may be.
 *
 * After `recoveryBlocks` past the deadline, 2 is weakened to a majority of those who are still there, and 3 is waived: a
 * swarm that lost too many of its members for good must be able to go on. A partition that lasts so long may fork the
 * run; the nodes then see two roots, and repair.
 */
import type { Hotkey } from "../base/transport.ts";

/** How many of a group of n may be Byzantine: a third, but none of three or fewer. */
export const faultBound = (memberCount: number): number => memberCount <= 3 ? 0 : Math.floor(memberCount / 3);

/** Smallest whole number above two thirds of the group. */
export const quorumOf = (memberCount: number): number => Math.floor((2 * memberCount) / 3) + 1;

/** Smallest whole number above (n + f)/2: so many of a group must be in the next. */
export const neededOf = (memberCount: number, liars = faultBound(memberCount)): number =>
  Math.floor((memberCount + liars) / 2) + 1;

/**
 * More than (n + f)/2 of the previous group. Of two, one may go on alone: the lesser hotkey, so that two halves cannot
 * both. The first round has no previous group.
 */
export function isContinuous(group: readonly Hotkey[], previous: readonly Hotkey[]): boolean {
  if (previous.length === 0) return true;
  const members = new Set(group);
  const kept = previous.filter((hotkey) => members.has(hotkey));
  if (kept.length >= neededOf(previous.length)) return true;
  const tieBreaker = previous.reduce((least, hotkey) => hotkey < least ? hotkey : least);
  return previous.length === 2 && kept.length === 1 && kept[0] === tieBreaker;
}

/** In recovery: a majority of those of the previous group who are still there, or of all who are there when none is. */
export function isRecovered(
  group: readonly Hotkey[],
  previous: readonly Hotkey[],
  present: readonly Hotkey[],
): boolean {
  const left = previous.filter((hotkey) => present.includes(hotkey));
  const base = left.length > 0 ? left : present;
  const kept = base.filter((hotkey) => group.includes(hotkey));
  return 2 * kept.length > base.length || (base.length === 2 && kept[0] === [...base].sort()[0]);
}

/** Does `group` share an honest member with every quorum of `earlier`? */
export function cutsQuorum(group: readonly Hotkey[], earlier: readonly Hotkey[]): boolean {
  const members = new Set(group);
  const shared = earlier.filter((hotkey) => members.has(hotkey)).length;
  return shared + quorumOf(earlier.length) > earlier.length + faultBound(earlier.length);
}
