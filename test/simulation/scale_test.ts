/** A round of a hundred members on slow links: what docs/scale.md shows at more sizes. */
import assert from "node:assert/strict";
import { playScaleRound } from "./scale_round.ts";

Deno.test("a grid of 100 members commits the mean of all, near the bound, over few links", async () => {
  const result = await playScaleRound({ members: 100, megabits: 100, megabytes: 25 });
  assert.deepEqual([result.shape, result.committed, result.results, result.isWhole], [
    "10 × 10",
    100,
    1,
    true,
  ]);
  assert.deepEqual([result.attempts, result.excluded, result.bulkLinks], [1, 0, 18]);
  assert.ok(
    result.seconds < 1.5 * result.boundSeconds,
    `${result.seconds} s, the bound is ${result.boundSeconds}`,
  );
  assert.ok(result.seconds > result.boundSeconds, "nothing is faster than its links");
});

Deno.test("a mesh and a grid of the same members commit the same mean", async () => {
  for (const mesh of [24, 8]) {
    const result = await playScaleRound({ members: 24, megabits: 100, megabytes: 5, mesh });
    assert.deepEqual([result.committed, result.results, result.isWhole], [24, 1, true]);
    assert.equal(result.shape, mesh === 24 ? "mesh" : "4 × 6");
  }
});

Deno.test("members that die while chunks flow cost attempts, and the others commit one result", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const result = await playScaleRound({
      members: 36,
      megabits: 100,
      megabytes: 10,
      mesh: 8,
      deaths: 3,
      seed,
    });
    assert.deepEqual([result.committed + result.aborted, result.results], [33, 1], `seed ${seed}`);
    assert.ok(result.attempts > 1, "somebody was missed");
  }
});
