/** Buffers that are used again: never by two at once, never another's, never more than the limit. */
import assert from "node:assert/strict";
import { ChunkBuffers } from "../../../src/allreduce/chunk_buffers.ts";

Deno.test("a buffer that was given back is handed out again, to one at a time", () => {
  const buffers = new ChunkBuffers(1000);
  const first = buffers.take(100);
  assert.notEqual(buffers.take(100), first);
  buffers.give(first);
  assert.equal(buffers.take(100), first);
  assert.notEqual(buffers.take(100), first);
  buffers.give(first);
  assert.notEqual(buffers.take(99), first);
  assert.equal(buffers.take(100), first);
});

Deno.test("given back twice it is there once; what came from elsewhere, or is part of one, is left alone", () => {
  const buffers = new ChunkBuffers(1000);
  const own = buffers.take(100);
  buffers.give(own);
  buffers.give(own);
  assert.equal(buffers.take(100), own);
  assert.notEqual(buffers.take(100), own);
  const foreign = new Uint8Array(100);
  buffers.give(foreign);
  buffers.give(own.subarray(0, 50));
  assert.notEqual(buffers.take(100), foreign);
  assert.notEqual(buffers.take(50).buffer, own.buffer);
});

Deno.test("no more bytes are kept than allowed: other sizes make room, a buffer above the limit is not kept", () => {
  const buffers = new ChunkBuffers(250);
  const [a, b, c] = [buffers.take(100), buffers.take(100), buffers.take(100)];
  for (const each of [a, b, c]) buffers.give(each);
  assert.deepEqual([buffers.take(100), buffers.take(100)], [b, a]);
  assert.notEqual(buffers.take(100), c, "there was no room for it");
  buffers.give(a);
  const other = buffers.take(200);
  buffers.give(other);
  assert.equal(buffers.take(200), other, "the old size has made room");
  assert.notEqual(buffers.take(100), a);
  const large = buffers.take(251);
  buffers.give(large);
  assert.notEqual(buffers.take(251), large);
});
