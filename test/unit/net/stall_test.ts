/** Frames that have begun and do not move: after a minute their connection ends, without an offence. */
import assert from "node:assert/strict";
import type { Connection, Stream } from "@libp2p/interface";
import { silentLog } from "../../../src/base/log.ts";
import { encodeFrameHead } from "../../../src/net/frame.ts";
import { Offences } from "../../../src/net/offences.ts";
import { STALLED_MS } from "../../../src/net/stall.ts";
import { Libp2pTransport } from "../../../src/net/transport.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { FakePeer, FakeStream, HELLO, LIMITS } from "./fake_peer.ts";

const never = () => false;

for (const isUnordered of [true, false]) {
  const kind = isUnordered ? "unordered" : "ordered";
  Deno.test(`a peer that stays and reads nothing is hung up on after a minute (${kind})`, async () => {
    const clock = new VirtualClock();
    const peer = new FakePeer(clock);
    peer.connect();
    peer.isReading = false;
    const codes: string[] = [];
    for (let i = 0; i < 50; i++) {
      const message = { type: "result", header: {}, body: new Uint8Array(1), isUnordered };
      peer.link.send(message).catch(({ code }) => codes.push(code));
    }
    await clock.advance(never, STALLED_MS - 1);
    assert.deepEqual([peer.link.connections.length, codes.length], [2, 0]);
    await clock.advance(never, STALLED_MS + 1);
    assert.equal(codes.length, 50);
    assert.ok(codes.every((code) => code === "net/link-lost"), codes.join());
    await clock.advance(never, 3 * STALLED_MS);
    const stalled = peer.events.filter(({ event }) => event === "peer-stalled");
    // Ordered messages have tried the oldest connection only.
    assert.deepEqual([stalled.length, peer.link.isUp], isUnordered ? [2, false] : [1, true]);
  });
}

Deno.test("nor does it keep us waiting by dialing anew before the old connection is given up", async () => {
  const clock = new VirtualClock();
  const peer = new FakePeer(clock);
  peer.isReading = false;
  let refused = 0;
  for (let minute = 0; minute < 10; minute++) {
    for (let i = 0; i < 20; i++) {
      const message = { type: "result", header: {}, body: new Uint8Array(1), isUnordered: true };
      peer.link.send(message).catch(() => refused++);
    }
    await clock.advance(never, clock.nowMs() + STALLED_MS / 2);
    peer.connect();
    await clock.advance(never, clock.nowMs() + STALLED_MS / 2 + 1);
    assert.ok(
      refused >= 20 * minute,
      `${refused} of ${20 * (minute + 1)} are given up after ${minute} minutes`,
    );
    assert.equal(peer.link.isUp, true);
  }
});

Deno.test("a frame that moves now and then is waited for", async () => {
  const clock = new VirtualClock();
  const peer = new FakePeer(clock);
  peer.isReading = false;
  let isSent = false;
  const sending = peer.link.send({ type: "chunk", header: {}, body: new Uint8Array(4 << 20) });
  void sending.then(() => isSent = true);
  let drains = 0;
  for (; !isSent && drains < 100; drains++) {
    await clock.advance(never, clock.nowMs() + STALLED_MS - 1000);
    peer.streams[0].stream.read();
  }
  await sending;
  assert.ok(drains > 10, `${drains} drains`);
  assert.deepEqual([peer.link.isUp, peer.events], [true, []]);
  await clock.advance(never, 10 * STALLED_MS);
  assert.equal(peer.link.isUp, true);
});

Deno.test("who asks and does not take the answer is hung up on", async () => {
  const clock = new VirtualClock();
  const offences = new Offences({ limit: 20, cutOffMs: 1000 }, clock);
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const transport = new Libp2pTransport({
    ...{ self: "Alice", limits: LIMITS, clock, log: silentLog, traffic, offences },
    known: async () => HELLO,
    dialMore: async () => {},
  });
  transport.onRequest("ask", async () => ({ type: "answer", header: {}, body: new Uint8Array(1 << 20) }));
  const stream = Object.assign(new FakeStream(never), {
    readBufferLength: 0,
    remoteWriteStatus: "writable",
    readableEnded: false,
  });
  let reason: Error | undefined;
  const connection = {
    status: "open",
    abort: (error: Error) => {
      reason = error;
      stream.abort(error);
    },
  } as unknown as Connection;
  const serving = transport.serveRequest(stream as unknown as Stream, connection);
  const data = encodeFrameHead("request", { type: "ask", header: {} }, 0, LIMITS);
  await clock.advance(never, 1);
  stream.dispatchEvent(Object.assign(new Event("message"), { data }));
  await clock.advance(never, STALLED_MS - 1);
  assert.equal(reason, undefined);
  await clock.advance(never, STALLED_MS + 2);
  await serving;
  assert.match(String(reason), /stalled/);
  assert.deepEqual(transport.offences(), {});
});
