/** A round of a hundred members on slow links: what docs/scale.md shows at more sizes. */
import assert from "node:assert/strict";
import { toHex } from "../../src/base/bytes.ts";
import { playScaleRound, shortDigest } from "./scale_round.ts";

const GRID = { members: 40, megabits: 100, megabytes: 5, mesh: 8 };
const isOf = (kind: string, { type }: { type: string }) => type === `allreduce/${kind}/1`;

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

Deno.test("who lacks a ready asks for the whole proposal, and takes part", async () => {
  const lacking = new Set([3, 17]);
  let wantCount = 0;
  const result = await playScaleRound(GRID, (from, to, message) => {
    if (isOf("want", message)) wantCount++;
    return isOf("ready", message) && from === 20 && lacking.has(to) ? undefined : message;
  });
  assert.deepEqual([result.committed, result.attempts, result.isWhole, wantCount], [40, 1, true, 2]);
});

Deno.test("a head that tells its row nothing is left out, its row is not", async () => {
  const leaders = new Set<number>();
  let silent: number | undefined;
  const result = await playScaleRound(GRID, (from, _to, message) => {
    if (!isOf("outline", message)) return message;
    if (leaders.size === 0) leaders.add(from);
    if (!leaders.has(from)) silent ??= from;
    return from === silent ? undefined : message;
  });
  assert.deepEqual([result.attempts, result.results], [2, 1]);
  assert.ok(result.committed >= 39, `${result.committed} committed`);
});

Deno.test("who passes on other results than it got is left out, and nobody commits them", async () => {
  // Who sends a chunk's result first owns it, all others pass it on.
  const firstSender = new Map<unknown, number>();
  let liar: number | undefined;
  const body = new Uint8Array(Float64Array.of(1e6).buffer);
  const digest = toHex(await shortDigest(body));
  let lieCount = 0;
  const result = await playScaleRound(GRID, (from, _to, message) => {
    if (!isOf("result", message)) return message;
    const { attempt, chunk } = message.header;
    const key = `${attempt} ${chunk}`;
    if (!firstSender.has(key)) firstSender.set(key, from);
    if (firstSender.get(key) === from) return message;
    liar ??= from;
    if (from !== liar) return message;
    lieCount++;
    return { ...message, header: { ...message.header, digest }, body };
  });
  assert.ok(lieCount > 0 && result.attempts > 1);
  assert.deepEqual([result.results, result.committed >= 39], [1, true]);
  assert.ok(result.mean !== null && result.mean < GRID.members, `a mean of ${result.mean}`);
});
