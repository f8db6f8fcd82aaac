import assert from "node:assert/strict";
import {
  cutsQuorum,
  faultBound,
  isContinuous,
  isRecovered,
  quorumOf,
} from "../../../src/allreduce/quorum.ts";

const group = (count: number) => Array.from({ length: count }, (_, i) => `m${String(i).padStart(2, "0")}`);

Deno.test("two quorums of a group share more members than can lie", () => {
  for (let n = 1; n <= 200; n++) assert.ok(2 * quorumOf(n) - n > faultBound(n), `${n}`);
});

Deno.test("two groups that both go on from one share more of its members than can lie", () => {
  for (let n = 3; n <= 100; n++) {
    const previous = group(n);
    const kept = Array.from({ length: n }, (_, i) => i + 1)
      .find((count) => isContinuous(previous.slice(0, count), previous))!;
    assert.ok(2 * kept - n > faultBound(n), `${kept} of ${n}`);
    assert.ok(!isContinuous(previous.slice(0, kept - 1), previous));
  }
});

Deno.test("a group that cuts an earlier quorum has an honest member of it", () => {
  for (let n = 1; n <= 100; n++) {
    const earlier = group(n);
    const shared = Array.from({ length: n }, (_, i) => i + 1)
      .find((count) => cutsQuorum(earlier.slice(0, count), earlier))!;
    assert.ok(shared + quorumOf(n) - n > faultBound(n), `${shared} of ${n}`);
  }
});

Deno.test("one of two, two of three and three of four go on; the other halves do not", () => {
  assert.ok(isContinuous(["a"], ["a", "b"]));
  assert.ok(!isContinuous(["b"], ["a", "b"]));
  assert.ok(isContinuous(["b", "c"], ["a", "b", "c"]));
  assert.ok(!isContinuous(["a", "b"], ["a", "b", "c", "d"]));
  assert.ok(isContinuous(["b", "c", "d", "new"], ["a", "b", "c", "d"]));
});

Deno.test("in recovery a majority of those who are left goes on, a stranger alone does not", () => {
  const previous = group(6);
  assert.ok(isRecovered(["m00", "m01"], previous, ["m00", "m01", "x"]));
  assert.ok(!isRecovered(["x"], previous, ["m00", "m01", "x"]));
  assert.ok(!isRecovered(["x"], previous, ["x", "y", "z"]));
  assert.ok(isRecovered(["x", "y"], previous, ["x", "y", "z"]));
});
