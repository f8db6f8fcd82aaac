import assert from "node:assert/strict";
import { faultBound, isContinuous } from "../../../src/allreduce/quorum.ts";
import { isContinuousInWider, WiderGroup } from "../../../src/allreduce/wider_group.ts";

const group = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

const subsetsOf = (members: readonly string[]) =>
  Array.from({ length: 2 ** members.length }, (_, bits) => members.filter((_, i) => bits >> i & 1));

Deno.test("any two groups that may go on share more members of the wider one than can lie in it", () => {
  for (let n = 4; n <= 8; n++) {
    const wider = group(n);
    const liars = faultBound(n);
    for (let size = liars + 1; size < n; size++) {
      const previous = wider.slice(0, size);
      if (!isContinuous(previous, wider)) continue;
      const allowed = subsetsOf(wider).filter((next) =>
        isContinuous(next, previous) && isContinuousInWider(next, previous, wider)
      );
      assert.ok(allowed.some((next) => next.length === size), `${size} of ${n}: all of them may`);
      for (const a of allowed) {
        for (const b of allowed) {
          const shared = a.filter((hotkey) => b.includes(hotkey)).length;
          assert.ok(shared > liars, `${a} and ${b} after ${previous} of ${wider}`);
        }
      }
    }
  }
});

Deno.test("of three left of four no two go on alone, but with the fourth they do", () => {
  const [previous, wider] = [group(3), group(4)];
  assert.ok(!isContinuousInWider(["m0", "m1"], previous, wider));
  assert.ok(!isContinuousInWider(["m0", "m1", "new"], previous, wider));
  assert.ok(isContinuousInWider(["m0", "m1", "m3"], previous, wider));
  assert.ok(isContinuousInWider(previous, previous, wider));
});

const moves = () => {
  const memory = new WiderGroup();
  return (members: readonly string[]): readonly string[] | undefined => {
    memory.moveTo(members);
    return memory.members;
  };
};

Deno.test("a wider group is remembered until as many are back, or until others have recovered without it", () => {
  const move = moves();
  assert.equal(move(group(4)), undefined);
  assert.deepEqual(move(group(3)), group(4));
  assert.deepEqual(move(group(3)), group(4), "the same round once more");
  assert.equal(move(["m0", "m1", "m2", "new"]), undefined);
  assert.deepEqual(move(group(3)), ["m0", "m1", "m2", "new"]);
  assert.equal(move(["m0"]), undefined, "one of three went on after recovery");
});

Deno.test("growth that allows more liars is a new beginning", () => {
  const move = moves();
  for (const size of [3, 5]) assert.equal(move(group(size)), undefined);
  assert.equal(move(group(9)), undefined);
  assert.deepEqual(move(group(7)), group(9));
  assert.deepEqual(move(group(8)), group(9));
  assert.equal(move(group(10)), undefined);
});
