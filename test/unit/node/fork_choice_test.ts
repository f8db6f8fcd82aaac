import assert from "node:assert/strict";
import type { Certificate } from "../../../src/allreduce/allreduce.ts";
import { chooseState, type Offer } from "../../../src/node/fork_choice.ts";

/** Just what the choice looks at: whether the signatures are right was checked before. */
function offer(
  outerStep: number,
  root: string,
  { from, group, peers }: { from: string; group: string[]; peers: string[] },
): Offer {
  const proposal = { anchorRoot: from, members: group.map((hotkey) => ({ hotkey })) };
  const votes = group.map((hotkey) => ({ hotkey, signature: "" }));
  const certificate = { outerStep, proposal, origin: proposal, votes } as unknown as Certificate;
  return { outerStep, root, certificate, peers };
}

const untrained: Offer = { outerStep: 0, root: "r0", certificate: undefined, peers: ["me"] };
const group = ["a", "b", "c"];

Deno.test("nobody ahead: nothing to move to", () => {
  assert.equal(chooseState([untrained]), undefined);
});

Deno.test("the newest state of the swarm's lineage is taken, even from one peer, and its parent is known", () => {
  const parent = offer(4, "r4", { from: "r3", group, peers: ["a", "b", "me"] });
  const newest = offer(5, "r5", { from: "r4", group, peers: ["c"] });
  assert.deepEqual(chooseState([parent, newest]), { offer: newest, parent, support: 4 });
});

Deno.test("a liar with a group of its own and a far step has one vote", () => {
  const honest = offer(5, "r5", { from: "r4", group, peers: ["a"] });
  const far = offer(2 ** 31, "rx", { from: "ry", group: ["liar"], peers: ["liar"] });
  assert.equal(chooseState([far, honest])!.offer, honest);
});

Deno.test("a liar that signs the next step of the honest lineage alone is not followed", () => {
  const honest = offer(5, "r5", { from: "r4", group, peers: ["a"] });
  const forged = offer(6, "rx", { from: "r5", group: ["liar"], peers: ["liar"] });
  assert.equal(chooseState([honest, forged])!.offer, honest);
});

Deno.test("who trained alone gives way to a larger swarm at an earlier step", () => {
  const alone = offer(9, "s9", { from: "s8", group: ["me"], peers: ["me"] });
  const swarm = offer(5, "r5", { from: "r4", group, peers: ["a", "b"] });
  assert.equal(chooseState([alone, swarm])!.offer, swarm);
});

Deno.test("of two roots for the same bytes the one that most hold is right", () => {
  const ours = offer(5, "damaged", { from: "r4", group, peers: ["me"] });
  const theirs = offer(5, "r5", { from: "r4", group, peers: ["a", "b"] });
  const parent = offer(4, "r4", { from: "r3", group, peers: ["a", "b"] });
  const choice = chooseState([ours, theirs, parent])!;
  assert.equal(choice.offer, theirs);
  assert.equal(choice.parent, parent);
});
