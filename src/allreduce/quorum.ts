/**
 * The arithmetic of safety. Three facts make two certificates for one step impossible among members that keep to the
 * protocol (crashing is keeping to it):
 *
 *   1. two quorums of one group share a member, and a member votes once an attempt;
 *   2. two groups of one step share a member, because each holds a majority of the previous group (`isContinuous`;
 *      the members of the certificate's origin: one result may be certified by several ballots),
 *      and a member accepts ascending attempts only, so one attempt begins at most one group;
 *   3. a later group shares a member with every possible quorum of each earlier group its members accepted
 *      (`cutsQuorum`), and that member's lock forces the later attempt to re-commit the same result.
 *
 * After `recoveryBlocks` past the deadline, 2 is waived: a small swarm that lost half of its members for good must be
 * able to go on. A partition that lasts so long may fork the run; the nodes then see two roots, and repair.
 */
import type { Hotkey } from "../base/transport.ts";

/** Smallest whole number above two thirds of the group. */
export const quorumOf = (memberCount: number): number => Math.floor((2 * memberCount) / 3) + 1;

/**
 * More than half of the previous group; or exactly half of it with its tie-breaker, the least hotkey, so that two
 * halves cannot both go on. The first round has no previous group.
 */
export function isContinuous(group: readonly Hotkey[], previous: readonly Hotkey[]): boolean {
  if (previous.length === 0) return true;
  const kept = previous.filter((hotkey) => group.includes(hotkey));
  if (2 * kept.length > previous.length) return true;
  const tieBreaker = [...previous].sort()[0];
  return 2 * kept.length === previous.length && kept.includes(tieBreaker);
}

/** Does `group` share a member with every quorum of `earlier`? */
export function cutsQuorum(group: readonly Hotkey[], earlier: readonly Hotkey[]): boolean {
  const shared = earlier.filter((hotkey) => group.includes(hotkey)).length;
  return shared + quorumOf(earlier.length) > earlier.length;
}
