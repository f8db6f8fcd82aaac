/** The pipe over real TLS on loopback: exact counts, whatever the sizes of reads and writes, and how it ends. */
import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { pattern, withTlsPair } from "./tls_pair.ts";

Deno.test("reads of any size get the bytes that were written, in order", async () => {
  await withTlsPair(async ({ near, far }) => {
    const sent = pattern(700_001);
    const written = (async () => {
      let start = 0;
      for (const end of [1, 13, 16_384, 16_397, 50_000, 330_000, sent.length]) {
        await near.write(sent.subarray(start, end));
        start = end;
      }
    })();
    let at = 0;
    for (const count of [1, 12, 0, 40_000, 16_383, 16_384, 16_385, 32_768, 3, 400_000]) {
      const read = await far.read(count);
      assert.deepEqual(read, sent.slice(at, at + count), `${count} bytes at ${at}`);
      at += count;
    }
    assert.deepEqual(await far.read(sent.length - at), sent.slice(at));
    await written;
    assert.equal(far.movedBytes, sent.length);
    assert.equal(near.movedBytes, sent.length);
  });
});

Deno.test("bytes are read into the place that is given, and no further", async () => {
  await withTlsPair(async ({ near, far }) => {
    const sent = pattern(100_000);
    await near.write(sent);
    const around = new Uint8Array(60_002).fill(255);
    const place = around.subarray(1, 60_001);
    assert.equal(await far.read(60_000, undefined, place), place);
    assert.deepEqual(place.slice(), sent.slice(0, 60_000));
    assert.deepEqual([around[0], around[60_001]], [255, 255]);
    assert.deepEqual(await far.read(40_000), sent.slice(60_000));
  });
});

Deno.test("an end between reads is null, an end inside one is told as truncated", async () => {
  for (const count of [10, 50_000]) {
    await withTlsPair(async ({ near, far }) => {
      await near.write(pattern(count + 5));
      await near.close();
      assert.deepEqual([near.isOpen, far.isOpen], [false, true]);
      assert.equal((await far.read(count))!.length, count);
      await assert.rejects(far.read(count), (error) => isSkeinError(error, "net/frame-truncated"));
      // The other half is whole.
      await far.write(pattern(7));
      await far.close();
      assert.deepEqual(await near.read(7), pattern(7));
      assert.equal(await near.read(1), null);
      await assert.rejects(near.write(pattern(1)), (error) => isSkeinError(error, "net/link-lost"));
    });
  }
});

Deno.test("a write that the other end does not take fails when the pipe is given up, and so does a read", async () => {
  await withTlsPair(async ({ near, far }) => {
    let taken = 0;
    const forget = near.onTaken(() => taken++);
    const writing = assert.rejects(
      (async () => {
        for (;;) await near.write(new Uint8Array(1 << 20));
      })(),
      (error) => isSkeinError(error, "net/link-lost"),
    );
    const reading = assert.rejects(near.read(1), (error) => isSkeinError(error, "net/link-lost"));
    let before = -1;
    while (before !== taken) {
      before = taken;
      await systemClock.sleep(50);
    }
    assert.ok(taken > 0, "something was taken before it stood still");
    near.abort();
    await Promise.all([writing, reading]);
    forget();
    // Until the other end has gone Deno holds the socket; the test waits for that.
    far.abort();
  });
});

Deno.test("what arrived and was not read is not read after the pipe is given up", async () => {
  await withTlsPair(async ({ near, far }) => {
    await near.write(pattern(100));
    await far.read(10);
    far.abort();
    await assert.rejects(far.read(10), (error) => isSkeinError(error, "net/link-lost"));
  });
});
