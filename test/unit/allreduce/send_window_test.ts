import assert from "node:assert/strict";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { sparseTopK } from "../../../src/codec/sparse.ts";
import { CHUNK_BYTES, chunkElementsFor } from "../../../src/allreduce/result.ts";
import { SendWindow } from "../../../src/allreduce/send_window.ts";
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

Deno.test("how slowly connections begin says nothing, and where packets are lost it begins with the most", () => {
  const options = { contributionBytes: 1000, resultBytes: 1000, reducerCount: 2, mostChunks: MOST };
  const window = new SendWindow({ ...options, bytesPerSec: 100_000 });
  for (let ms = 0; ms < 300; ms += 10) window.moved({ contributions: 0, results: 0 }, ms);
  for (let ms = 300; ms < 5000; ms += 10) window.moved({ contributions: 1, results: 0 }, ms);
  assert.equal(window.chunks, 5);
  const lossy = new SendWindow({ ...options, bytesPerSec: 100_000, isLossy: true });
  assert.equal(lossy.chunks, MOST);
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
