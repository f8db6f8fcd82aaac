import assert from "node:assert/strict";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { sparseTopK } from "../../../src/codec/sparse.ts";
import { CHUNK_BYTES, chunkElementsFor } from "../../../src/allreduce/result.ts";
import { ReduceMachine } from "../../../src/allreduce/reduce_machine.ts";
import { SendWindow } from "../../../src/allreduce/send_window.ts";
import { planSpans } from "../../../src/allreduce/span_plan.ts";
import type { Codec } from "../../../src/codec/codec.ts";

const MOST = 48;

/** The window after `seconds` in which so much of the link is used, in contributions. */
function windowAfter(codec: Codec, bytesPerSec: number, share: number, seconds: number): number[] {
  const elements = chunkElementsFor(codec, CHUNK_BYTES);
  const contributionBytes = codec.encodedBytes(elements);
  const window = new SendWindow({
    ...{ bytesPerSec, contributionBytes, reducerCount: 8, mostChunks: MOST },
    resultBytes: codec.result.encodedBytes(elements),
  });
  const first = window.chunks;
  for (let ms = 0; ms < 1000 * seconds; ms += 10) {
    window.moved({ contributions: share * bytesPerSec / 100 / contributionBytes, results: 0 }, ms);
  }
  return [first, window.chunks];
}

Deno.test("a window stays where the link is full, and grows to the most where it is not", () => {
  assert.deepEqual(windowAfter(u8Blockwise, 12.5e6, 0.9, 5), [2, 2]);
  assert.deepEqual(windowAfter(u8Blockwise, 12.5e6, 0.3, 5), [2, MOST]);
});

Deno.test("chunks that encode to little are not taken for a full link", () => {
  const [first, last] = windowAfter(sparseTopK, 2e6, 0.3, 5);
  assert.ok(first > 2 && last === MOST, `from ${first} to ${last}`);
});

Deno.test("results count as contributions do, and without a known bandwidth nothing is full", () => {
  const options = { contributionBytes: 1000, resultBytes: 1000, reducerCount: 2, mostChunks: MOST };
  for (const [bytesPerSec, chunks] of [[100_000, 5], [0, MOST]]) {
    const window = new SendWindow({ ...options, bytesPerSec });
    for (let ms = 0; ms < 5000; ms += 10) window.moved({ contributions: 0, results: 1 }, ms);
    assert.equal(window.chunks, chunks);
  }
});

Deno.test("time without any result widens the window too, and the next round begins with half of it", () => {
  const memory = { doublings: 0 };
  const options = { bytesPerSec: 12.5e6, contributionBytes: 1e5, resultBytes: 1e5, reducerCount: 4 };
  const late = new SendWindow({ ...options, mostChunks: 32 }, memory);
  const first = late.chunks;
  for (let ms = -1000; ms < 0; ms += 100) late.tick(ms);
  assert.equal(late.chunks, first);
  late.moved({ contributions: 1, results: 0 }, 0);
  for (let ms = 0; ms <= 600; ms += 100) late.tick(ms);
  assert.equal(late.chunks, 4 * first);
  const next = new SendWindow({ ...options, mostChunks: 32 }, memory);
  assert.equal(next.chunks, 2 * first);
  assert.equal(new SendWindow({ ...options, mostChunks: 32 }, memory).chunks, first);
  for (let i = 0; i < 3; i++) new SendWindow({ ...options, mostChunks: 32 }, memory);
  assert.equal(new SendWindow({ ...options, mostChunks: 32 }, memory).chunks, first);
});

Deno.test("a member that gets no result contributes more of its chunks as time goes by", () => {
  const window = new SendWindow({
    ...{ bytesPerSec: 1e6, contributionBytes: 5e4, resultBytes: 5e4, reducerCount: 3, mostChunks: 16 },
  });
  const plan = planSpans(3 * 64 * 1024, 1024, [1, 1, 1]);
  const options = { windowChunks: 16, senderTimeoutMs: 1000, reducerTimeoutMs: 2000 };
  const machine = new ReduceMachine(plan, 0, options, () => {}, window);
  const counts = [machine.begin(0).length];
  window.moved({ contributions: 0, results: 1 }, 0);
  for (let ms = 100; ms <= 1300; ms += 100) counts.push(machine.tick(ms).length);
  const first = counts[0];
  assert.equal(first, 3 * window.chunks / 8);
  assert.deepEqual(counts.filter((count) => count > 0), [first, first, 2 * first, 4 * first]);
});
