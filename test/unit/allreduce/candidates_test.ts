import assert from "node:assert/strict";
import { Candidates, groupObjection } from "../../../src/allreduce/candidates.ts";
import { orderCandidates } from "../../../src/allreduce/order.ts";
import { Suspicions } from "../../../src/allreduce/suspicions.ts";
import { readyOf } from "./round_harness.ts";

const SEED = "s";

function candidatesOf(all: readonly string[], step: number, previous: readonly string[]) {
  const [first] = orderCandidates(SEED, step, all);
  const suspicions = new Suspicions();
  const shape = { seed: SEED, maxGroup: 64 };
  const candidates = new Candidates(shape, readyOf(first, 1, step), all, suspicions, previous);
  for (const hotkey of all) candidates.add(readyOf(hotkey, 1, step));
  const isAllowed = (group: readonly string[]) =>
    groupObjection(group, { previousMembers: previous, earlierGroups: [] }) === undefined;
  return { suspicions, group: () => candidates.group(0, isAllowed).map(({ hotkey }) => hotkey), isAllowed };
}

Deno.test("of more miners than fit in a group every step finds one that may go on, and all get their turn", () => {
  const all = Array.from({ length: 150 }, (_, i) => `m${i}`);
  let previous = orderCandidates(SEED, 1, all).slice(0, 64);
  const seen = new Set(previous);
  for (let step = 2; step < 40; step++) {
    const { group, isAllowed } = candidatesOf(all, step, previous);
    previous = group();
    assert.equal(previous.length, 64);
    assert.ok(isAllowed(previous));
    assert.deepEqual(previous, orderCandidates(SEED, step, previous));
    for (const hotkey of previous) seen.add(hotkey);
  }
  assert.equal(seen.size, all.length);
});

Deno.test("who remembers a wider group objects to one that goes on without enough of it, until recovery", () => {
  const rules = { previousMembers: ["a", "b", "c"], widerGroup: ["a", "b", "c", "d"], earlierGroups: [] };
  assert.equal(groupObjection(["a", "b"], rules), "continuity");
  assert.equal(groupObjection(["a", "b"], { ...rules, widerGroup: undefined }), undefined);
  assert.equal(groupObjection(["a", "b", "d"], rules), undefined);
  assert.equal(groupObjection(["a", "b"], { ...rules, present: ["a", "b"] }), undefined);
});

Deno.test("suspects come back in only when the others may not go on alone, the least suspected first", () => {
  const all = ["a", "b", "c", "d", "e", "f", "g"];
  const { suspicions, group } = candidatesOf(all, 2, all);
  const others = orderCandidates(SEED, 2, all).slice(1);
  suspicions.suspect(others[0], 0, 1000);
  assert.equal(group().length, 6);
  for (const hotkey of others.slice(1, 4)) suspicions.convict(hotkey, 0, 1000);
  assert.deepEqual(group().length, 5, "five of seven are needed: the slow one, and one of three liars");
  assert.ok(group().includes(others[0]));
});
