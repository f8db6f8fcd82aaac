/** Frames with receipts between two ends on loopback. */
import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { FrameStream } from "../../../src/net/frame_stream.ts";
import { PacedFrames } from "../../../src/net/paced_frames.ts";
import { STALLED_MS } from "../../../src/net/stall.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { LIMITS } from "./fake_peer.ts";
import { pattern, type TlsPair, withTlsPair } from "./tls_pair.ts";

const BODY = pattern(64 * 1024);
const stream = (pipe: TlsPair["near"]) => new FrameStream(pipe, LIMITS, { sentBytes: 0, receivedBytes: 0 });

Deno.test("what the peer does not read stops us, and its receipts let us go on", async () => {
  await withTlsPair(async ({ near, far }) => {
    const sender = new PacedFrames(stream(near), systemClock, () => {});
    const receiver = new PacedFrames(stream(far), systemClock, () => {});
    const receipts = sender.read(); // only receipts come
    let sent = 0;
    const fill = async () => {
      for (; sender.room() === undefined; sent++) await sender.write("message", { type: "n" }, BODY);
    };
    let isFilled = false;
    void fill().then(() => isFilled = true);
    // The kernel takes what it has room for, so somebody has to read; not all.
    for (let read = 0; !isFilled;) {
      await systemClock.sleep(1);
      if (sent <= read + 24) continue;
      assert.equal((await receiver.read())?.kind, "message");
      read++;
    }
    const before = sent;
    const room = sender.room();
    assert.ok(room !== undefined, "the window is full");
    for (let read = 0; read < 24; read++) assert.equal((await receiver.read())?.kind, "message");
    await room;
    assert.equal(sender.room(), undefined);
    await sender.write("message", { type: "n" }, BODY);
    assert.ok(before > 24);
    sender.abort("the test is over");
    await receipts.catch(() => {});
  });
});

Deno.test("a peer that reads nothing for a minute is told of", async () => {
  await withTlsPair(async ({ near, far }) => {
    const clock = new VirtualClock();
    let stalledCount = 0;
    const sender = new PacedFrames(stream(near), clock, () => stalledCount++);
    const reading = far.read(1 << 30).catch(() => {}); // bytes leave the kernel, and no receipt comes
    while (sender.room() === undefined) await sender.write("message", { type: "n" }, BODY);
    await clock.advance(() => false, STALLED_MS - 1);
    assert.equal(stalledCount, 0);
    await clock.advance(() => false, STALLED_MS + 1);
    assert.equal(stalledCount, 1);
    sender.abort("the test is over");
    far.abort();
    await reading;
  });
});

Deno.test("closing lets out what was asked for before, receipts between the messages", async () => {
  await withTlsPair(async ({ near, far }) => {
    const a = new PacedFrames(stream(near), systemClock, () => {});
    const b = new PacedFrames(stream(far), systemClock, () => {});
    const read = async (frames: PacedFrames) => {
      let count = 0;
      while (await frames.read() !== null) count++;
      return count;
    };
    const reading = [read(a), read(b)];
    const writing = [a, b, a, b, a, b].map((frames) => frames.write("message", { type: "n" }, BODY));
    await systemClock.sleep(2);
    const closing = [a.close(), b.close()];
    assert.equal(a.isOpen, false);
    await Promise.all([...writing, ...closing]);
    assert.deepEqual(await Promise.all(reading), [3, 3]);
  });
});

Deno.test("a message that is refused before its first byte costs the channel nothing", async () => {
  await withTlsPair(async ({ near, far }) => {
    const sender = new PacedFrames(stream(near), systemClock, () => {});
    const receiver = new PacedFrames(stream(far), systemClock, () => {});
    const receipts = sender.read().catch(() => {});
    const oversized = new Uint8Array(LIMITS.maxBodyBytes + 1);
    await assert.rejects(sender.write("message", { type: "n" }, oversized), { code: "net/frame-oversized" });
    assert.equal(sender.room(), undefined);
    // Each is read, so each receipt counts: a message too many would be in the way of the window.
    for (let n = 0; n < 200; n++) {
      await sender.room();
      await sender.write("message", { type: "n" }, BODY);
      assert.equal((await receiver.read())?.kind, "message");
    }
    sender.abort("the test is over");
    await receipts;
  });
});

Deno.test("a receipt with a body is none", async () => {
  await withTlsPair(async ({ near, far }) => {
    const sender = new PacedFrames(stream(near), systemClock, () => {});
    await sender.write("message", { type: "n" }, BODY);
    await stream(far).write("receipt", { read: 1 }, BODY);
    await assert.rejects(sender.read(), { code: "net/frame-malformed" });
  });
});
