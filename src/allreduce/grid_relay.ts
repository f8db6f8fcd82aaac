/**
 * Who tells whom in a group too large for one member to tell everybody: proposals and begins of a thousand members are
 * hundreds of kilobytes. The leader tells one member of each row, its *head*, and its own row; a head tells its row.
 * Both messages prove themselves (the leader's signature; the members' accepts), so a head can hold them back, not
 * change them. Heads stand in the leader's column, over links that a grid uses anyhow.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Certificate } from "./certificate.ts";
import type { Grid } from "./grid_plan.ts";
import { memberIndexOf, planOf, type Proposal } from "./proposal.ts";

/** A certificate of a large group is told to a peer by so many of its members. */
const CARETAKERS = 3;
const CARETAKER_MS = 5000;

/** Whom `self` tells of this proposal: in a mesh the leader tells all the others. */
export function audienceOf(proposal: Proposal, self: Hotkey): Hotkey[] {
  const { grid } = planOf(proposal);
  const { members, leader } = proposal;
  if (!grid) return self === leader ? members.map((m) => m.hotkey).filter((hotkey) => hotkey !== self) : [];
  const at = memberIndexOf(proposal, self);
  const isLeader = self === leader;
  const row = grid.rowOf[at];
  if (!isLeader && headOfRow(grid, proposal, row) !== at) return [];
  const told = [...grid.rows[row], ...grid.extras[row]];
  if (isLeader) grid.rows.forEach((_, r) => r !== row && told.push(headOfRow(grid, proposal, r)));
  const leaderIndex = memberIndexOf(proposal, leader);
  return told.filter((member) => member !== at && member !== leaderIndex).map((member) =>
    members[member].hotkey
  );
}

/** Who tells `self` of this proposal. */
export function tellerOf(proposal: Proposal, self: Hotkey): Hotkey {
  const { grid } = planOf(proposal);
  const { members, leader } = proposal;
  if (!grid) return leader;
  const at = memberIndexOf(proposal, self);
  const head = headOfRow(grid, proposal, grid.rowOf[at]);
  return head === at ? leader : members[head].hotkey;
}

/** Of the members that the leader has not heard from: a row of which nothing is heard but its head has a silent head. */
export function suspectsOf(proposal: Proposal, silent: readonly Hotkey[]): Hotkey[] {
  const { grid } = planOf(proposal);
  if (!grid) return [...silent];
  const isSilent = new Set(silent);
  const suspects: Hotkey[] = [];
  grid.rows.forEach((row, r) => {
    const head = headOfRow(grid, proposal, r);
    const others = [...row, ...grid.extras[r]].filter((member) => member !== head);
    const hotkeys = others.map((member) => proposal.members[member].hotkey);
    const quiet = hotkeys.filter((hotkey) => isSilent.has(hotkey));
    const headKey = proposal.members[head].hotkey;
    if (quiet.length > 1 && quiet.length === hotkeys.length) suspects.push(headKey);
    else suspects.push(...quiet, ...(isSilent.has(headKey) ? [headKey] : []));
  });
  return suspects;
}

/**
 * Does `self`, which holds the certificate of this group, tell `peer` of it now? In a large group a few of its members do,
 * which follow from the peer's name and the time: a peer that goes on asking is heard by others.
 */
export function isCaretaker(proposal: Proposal, self: Hotkey, peer: Hotkey, nowMs: number): boolean {
  const count = proposal.members.length;
  const at = memberIndexOf(proposal, self);
  if (!planOf(proposal).grid || at < 0) return true;
  let turn = CARETAKERS * Math.floor(nowMs / CARETAKER_MS);
  for (let i = 0; i < peer.length; i++) turn = (Math.imul(turn, 31) + peer.charCodeAt(i)) >>> 0;
  return (at + count - (turn % count)) % count < CARETAKERS;
}

/** Whom `self` tells when it has the certificate: of a large group not the members whose commits it shows. */
export function certificateAudience(
  { proposal, votes }: Pick<Certificate, "proposal" | "votes">,
  self: Hotkey,
  connected: readonly Hotkey[],
  nowMs: number,
): Hotkey[] {
  if (!planOf(proposal).grid) return [...connected];
  const committed = new Set(votes.map(({ hotkey }) => hotkey));
  return connected.filter((peer) => !committed.has(peer) && isCaretaker(proposal, self, peer, nowMs));
}

/** The leader in its own row; else the row's member of its column, or of the first when it is an extra. */
function headOfRow(grid: Grid, proposal: Proposal, row: number): number {
  const leader = memberIndexOf(proposal, proposal.leader);
  if (grid.rowOf[leader] === row) return leader;
  return grid.rows[row][Math.max(0, grid.columnOf[leader])];
}
