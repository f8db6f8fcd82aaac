/** Frames over a pipe that only remembers what was written. */
import assert from "node:assert/strict";
import type { BytePipe } from "../../../src/net/byte_pipe.ts";
import { readFrame } from "../../../src/net/frame.ts";
import { FrameStream } from "../../../src/net/frame_stream.ts";

const LIMITS = { maxHeaderBytes: 1024, maxBodyBytes: 1 << 20 };

function recorded() {
  const writes: Uint8Array[] = [];
  const write = async (bytes: Uint8Array) => void writes.push(bytes.slice());
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const frames = new FrameStream({ isOpen: true, write } as unknown as BytePipe, LIMITS, traffic);
  return { writes, traffic, frames };
}

/** All that was written, by exact counts. */
function sourceOf(writes: readonly Uint8Array[]) {
  const bytes = new Uint8Array(writes.flatMap((each) => [...each]));
  let at = 0;
  return { read: async (count: number) => at === bytes.length ? null : bytes.slice(at, at += count) };
}

Deno.test("a frame's head is never a packet of its own when a body follows", async () => {
  const { writes, traffic, frames } = recorded();
  const body = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  await frames.write("message", { type: "chunk" }, body);
  assert.ok(writes[0].length > 1500, `${writes[0].length} bytes in the first write`);
  const whole = await readFrame(sourceOf(writes), LIMITS);
  assert.deepEqual(whole?.header, { type: "chunk" });
  assert.deepEqual(whole?.body, body);
  assert.equal(traffic.sentBytes, writes.reduce((sum, { length }) => sum + length, 0));
});

Deno.test("bodies around the size of what goes with the head arrive whole, in as few writes as can be", async () => {
  for (const [size, writeCount] of [[0, 1], [1, 1], [8191, 1], [8192, 1], [8193, 2]]) {
    const { writes, frames } = recorded();
    const body = new Uint8Array(size).fill(7);
    await frames.write("message", { size }, body);
    assert.equal(writes.length, writeCount, `${size} bytes`);
    assert.deepEqual((await readFrame(sourceOf(writes), LIMITS))?.body, body);
  }
});
