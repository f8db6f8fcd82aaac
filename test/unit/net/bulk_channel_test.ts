/** One channel between two ends on loopback: how it is retired, and how it ends when the other end is silent. */
import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent, silentLog } from "../../../src/base/log.ts";
import { BulkChannel, IDLE_MS } from "../../../src/net/bulk_channel.ts";
import { readFrame } from "../../../src/net/frame.ts";
import { Dispatch } from "../../../src/net/dispatch.ts";
import { STALLED_MS } from "../../../src/net/stall.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { LIMITS } from "./fake_peer.ts";
import { until } from "./swarm.ts";
import { pattern, withTlsPair } from "./tls_pair.ts";

const never = () => false;
const deps = (clock: VirtualClock | typeof systemClock, events: LogEvent[] = []) => ({
  limits: LIMITS,
  traffic: { sentBytes: 0, receivedBytes: 0 },
  clock,
  log: eventLog((event) => events.push(event)),
});

/** Serves it as the transport does. */
async function serve(channel: BulkChannel, got: number[]): Promise<void> {
  const dispatch = new Dispatch({ log: silentLog, penalise: (_, code) => assert.fail(code) });
  dispatch.onMessage("n", async (_, { header, body }) => {
    await systemClock.sleep(1);
    assert.deepEqual(body, pattern(body!.length, header.n as number));
    got.push(header.n as number);
  });
  await dispatch.serveMessages("peer", channel.frames);
  await channel.retire();
  channel.abort();
}

/** Sends until it is no path any more. @returns how many frames went out */
async function sendWhileOpen(channel: BulkChannel): Promise<number> {
  for (let n = 0;; n++) {
    if (channel.status !== "open") return n;
    await channel.frames.write("message", { type: "n", header: { n } }, pattern(120_000, n));
  }
}

Deno.test("a channel that is retired under traffic both ways loses no frame and cuts none", async () => {
  for (const isBothAtOnce of [false, true]) {
    await withTlsPair(async ({ near, far }) => {
      const a = new BulkChannel("b", "outbound", near, deps(systemClock));
      const b = new BulkChannel("a", "inbound", far, deps(systemClock));
      const gotA: number[] = [], gotB: number[] = [];
      const serving = [serve(a, gotA), serve(b, gotB)];
      const sending = [sendWhileOpen(a), sendWhileOpen(b)];
      await until(() => gotA.length > 3 && gotB.length > 3, "frames go both ways");
      void a.retire();
      if (isBothAtOnce) void b.retire();
      assert.equal(a.frames.isOpen, false);
      const [sentByA, sentByB] = await Promise.all(sending);
      await Promise.all(serving);
      assert.deepEqual([gotB.length, gotA.length], [sentByA, sentByB]);
      assert.deepEqual([a.status, b.status], ["closed", "closed"]);
    });
  }
});

Deno.test("a retired channel whose other end keeps its half open ends when nothing moves", async () => {
  await withTlsPair(async ({ near, far }) => {
    const clock = new VirtualClock();
    const a = new BulkChannel("b", "outbound", near, deps(clock));
    const serving = serve(a, []);
    await a.retire();
    assert.equal(await far.read(1), null);
    await clock.advance(never, STALLED_MS - 1);
    assert.equal(a.status, "closing");
    const { movedBytes } = near;
    await far.write(new Uint8Array(5)); // half a frame's head
    await until(() => near.movedBytes === movedBytes + 5, "they have come");
    await clock.advance(never, 2 * STALLED_MS - 1);
    assert.equal(a.status, "closing");
    await clock.advance(never, 3 * STALLED_MS);
    assert.equal(a.status, "closed");
    await serving;
  });
});

Deno.test("a channel on which nothing moves is retired, whether between frames or in one", async () => {
  for (const bytes of [0, 5]) {
    await withTlsPair(async ({ near, far }) => {
      const clock = new VirtualClock();
      const a = new BulkChannel("b", "outbound", near, deps(clock));
      const serving = serve(a, []);
      await clock.advance(never, IDLE_MS - 1);
      await far.write(new Uint8Array(bytes));
      await until(() => near.movedBytes === bytes, "they have come");
      await clock.advance(never, IDLE_MS);
      assert.equal(a.status, bytes > 0 ? "open" : "closing");
      await clock.advance(never, 2 * IDLE_MS);
      assert.equal(a.status, bytes > 0 ? "closing" : "closed");
      await clock.advance(never, 2 * IDLE_MS + STALLED_MS);
      assert.equal(a.status, "closed");
      await serving;
    });
  }
});

Deno.test("who has retired a channel lets its last frame out, although the peer's half ends before", async () => {
  await withTlsPair(async ({ near, far }) => {
    const wide = { maxHeaderBytes: 65536, maxBodyBytes: 32 << 20 };
    const a = new BulkChannel("b", "outbound", near, { ...deps(systemClock), limits: wide });
    const serving = serve(a, []);
    const body = pattern(24 << 20);
    const writing = a.frames.write("message", { type: "n" }, body);
    const retiring = a.retire();
    await far.close();
    const frame = await readFrame(far, wide);
    assert.deepEqual(frame?.body, body);
    await Promise.all([writing, retiring, serving]);
    assert.equal(a.status, "closed");
  });
});

Deno.test("a frame that the peer does not take costs the channel after a minute", async () => {
  await withTlsPair(async ({ near }) => {
    const clock = new VirtualClock(), events: LogEvent[] = [];
    const a = new BulkChannel("b", "outbound", near, deps(clock, events));
    let retiredCount = 0;
    a.onRetired(() => retiredCount++);
    const sending = assert.rejects(sendWhileOpen(a), /broke/);
    await systemClock.sleep(300); // the sockets are full
    await clock.advance(never, STALLED_MS - 1);
    assert.deepEqual([a.status, a.isStalled, retiredCount], ["open", false, 0]);
    // On a busy machine the sockets were filled later.
    for (let tries = 0; !a.isStalled && tries < 500; tries++) {
      await clock.advance(never, clock.nowMs() + STALLED_MS);
      await systemClock.sleep(10);
    }
    await sending;
    assert.deepEqual([a.status, a.isStalled, retiredCount], ["closed", true, 1]);
    assert.deepEqual(events.map(({ event }) => event), ["peer-stalled"]);
  });
});
