/** Two nodes that cannot be dialed meet through a relay and nowhere else. */
import { systemClock } from "../../../src/base/clock.ts";
import assert from "node:assert/strict";
import { circuitRelayServer } from "@libp2p/circuit-relay-v2";
import { multiaddr } from "@multiformats/multiaddr";
import { createSocket } from "node:dgram";
import { concatBytes, fromHex, utf8 } from "../../../src/base/bytes.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { startHost } from "../../../src/net/host.ts";
import { startRelay } from "../../../src/net/relay.ts";
import { StreamBytes } from "../../../src/net/stream_bytes.ts";
import { swarmTest, type TestNode, until, verify } from "./swarm.ts";

const MIB = 1 << 20;
const pattern = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >> 8)) & 255);

function keepEachOther(a: TestNode, b: TestNode): void {
  for (const [from, to] of [[a, b], [b, a]]) {
    from.network.keepConnected(new Map([[to.signer.hotkey, to.network.listenAddrs]]));
  }
}

const isUp = (from: TestNode, to: TestNode) => from.network.transport.connected().includes(to.signer.hotkey);

swarmTest("nodes behind a relay exchange messages, requests and a body of 4 MiB", async (swarm) => {
  const relay = await swarm.addRelay();
  const a = await swarm.addBehind(relay, "Alice"), b = await swarm.addBehind(relay, "Bob");
  assert.ok(a.network.listenAddrs.every((addr) => addr.includes(`/p2p/${relay.peerId}/p2p-circuit/`)));
  keepEachOther(a, b);
  await until(() => isUp(a, b) && isUp(b, a), "both see each other");

  const heard: number[] = [];
  let body: Uint8Array | undefined;
  b.network.transport.onMessage("note", (_from, message) => void heard.push(message.header.index as number));
  b.network.transport.onMessage("chunk", (from, message) => {
    assert.equal(from, a.signer.hotkey);
    body = message.body;
  });
  b.network.transport.onRequest("double", async (_from, message) => ({
    type: "doubled",
    header: { x: 2 * (message.header.x as number) },
    body: message.body,
  }));
  const to = b.signer.hotkey;
  for (let index = 0; index < 50; index++) {
    await a.network.transport.send(to, { type: "note", header: { index } });
  }
  const sent = pattern(4 * MIB);
  await a.network.transport.send(to, { type: "chunk", header: {}, body: sent });
  const answer = await a.network.transport.request(
    to,
    { type: "double", header: { x: 21 }, body: sent },
    { maxBodyBytes: 4 * MIB, timeoutMs: 5000 },
  );
  assert.equal(answer.header.x, 42);
  assert.deepEqual(answer.body, sent);
  await until(() => body !== undefined && heard.length === 50, "all arrived");
  assert.deepEqual(body, sent);
  assert.deepEqual(heard, Array.from({ length: 50 }, (_, i) => i));
});

swarmTest("the link comes back by itself when the relay was restarted", async (swarm) => {
  const relay = await swarm.addRelay({ identitySeed: new Uint8Array(32).fill(240) });
  const a = await swarm.addBehind(relay, "Alice"), b = await swarm.addBehind(relay, "Bob");
  keepEachOther(a, b);
  await until(() => isUp(a, b) && isUp(b, a), "both see each other");
  await relay.stop();
  await until(() => !isUp(a, b) && !isUp(b, a), "both see the other go");
  await until(() => a.network.listenAddrs.length === 0, "the address is withdrawn");
  await swarm.addRelay({
    identitySeed: new Uint8Array(32).fill(240),
    listen: [relay.listenAddrs[0].split("/p2p/")[0]],
  });
  await until(() => isUp(a, b) && isUp(b, a), "both see each other again", 20);
  let isHeard = false;
  b.network.transport.onMessage("hi", () => void (isHeard = true));
  await a.network.transport.send(b.signer.hotkey, { type: "hi", header: {} });
  await until(() => isHeard, "a message passes");
});

swarmTest("a pair that sends and never reads cannot make the relay keep it all", async (swarm) => {
  const relay = await swarm.addRelay();
  const bare = (seed: number, relays: string[]) =>
    startHost(
      { identitySeed: new Uint8Array(32).fill(seed), listen: [], webrtc: false, relays },
      { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
    );
  const sender = await bare(210, []), sink = await bare(211, [relay.listenAddrs[0]]);
  try {
    const frames = { connect: Uint8Array.of(0x08, 0x01), ok: Uint8Array.of(4, 0x08, 0x01, 0x20, 100) };
    let isPaused = false;
    await sink.handle("/libp2p/circuit/relay/0.2.0/stop", async (stream) => {
      await new StreamBytes(stream).read(1);
      stream.send(frames.ok);
      stream.pause();
      isPaused = true;
    }, { force: true });
    await sink.dial(multiaddr(relay.listenAddrs[0]));
    await until(() => relay.counts().reservations === 1, "the sink holds a place");
    const stream = await (await sender.dial(multiaddr(relay.listenAddrs[0]))).newStream(
      "/libp2p/circuit/relay/0.2.0/hop",
    );
    const id = sink.peerId.toMultihash().bytes;
    const peer = concatBytes(Uint8Array.of(0x0a, id.length), id);
    const request = concatBytes(frames.connect, Uint8Array.of(0x12, peer.length), peer);
    const bytes = new StreamBytes(stream);
    await bytes.write(concatBytes(Uint8Array.of(request.length), request));
    await until(() => isPaused, "the circuit is open");
    let takenMib = 0, before = -1, stillCount = 0;
    const sending = (async () => {
      for (; takenMib < 64; takenMib++) await bytes.write(new Uint8Array(MIB));
    })().catch(() => {});
    await until(
      () => {
        stillCount = takenMib === before ? stillCount + 1 : 0;
        before = takenMib;
        return stillCount >= 50;
      },
      "the sender stands still",
      15,
    );
    // A window of 4 MiB on either side of the relay, and what the relay lets wait.
    assert.ok(takenMib >= 1 && takenMib <= 12, `${takenMib} MiB were taken although nobody reads`);
    stream.abort(new Error("enough"));
    await sending;
  } finally {
    await Promise.all([sender.stop(), sink.stop()]);
  }
});

swarmTest("a relay carries DHT records and is no member", async (swarm) => {
  const relay = await swarm.addRelay();
  const a = await swarm.addBehind(relay, "Alice"), b = await swarm.addBehind(relay, "Bob");
  await until(() => relay.counts().reservations === 2, "two places are taken");
  await until(() => a.network.transport.connected().length === 0, "nobody is a member yet");
  let storedCount = 0;
  await until(() => {
    void a.network.publish("announce", utf8("here")).then((count) => storedCount ||= count).catch(() => {});
    return storedCount > 0;
  }, "the relay has stored the record");
  const found = await b.network.lookup(a.signer.hotkey, "announce");
  assert.equal(found && new TextDecoder().decode(found.payload), "here");
  await assert.rejects(
    a.network.dial(relay.listenAddrs[0]),
    (error) => isSkeinError(error, "net/no-hello"),
  );
  assert.deepEqual(a.network.transport.offences(), {});
  assert.equal(a.events.filter((event) => event.event === "peer-refused").length, 0);
});

swarmTest(
  "a foreign relay that limits its connections is refused, because it would lose data",
  async (swarm) => {
    const foreign = await startHost(
      {
        identitySeed: new Uint8Array(32).fill(212),
        listen: ["/ip4/127.0.0.1/tcp/0"],
        webrtc: false,
        relayServer: circuitRelayServer(),
      },
      { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
    );
    try {
      const relays = [foreign.getMultiaddrs()[0].toString()];
      const a = await swarm.add("Alice", { listen: [], relays }),
        b = await swarm.add("Bob", { listen: [], relays });
      await Promise.all([a.network.join(), b.network.join()]);
      await until(() => b.network.listenAddrs.length > 0, "Bob holds a place there");
      await assert.rejects(
        a.network.dial(b.network.listenAddrs[0]),
        (error) => isSkeinError(error, "net/limited-relay") && error.message.includes("skein relay"),
      );
      assert.deepEqual([a.network.transport.connected(), a.network.transport.offences()], [[], {}]);
    } finally {
      await foreign.stop();
    }
  },
);

swarmTest("a full relay takes no more, and frees the place of a node that left", async (swarm) => {
  const relay = await swarm.addRelay({ maxReservations: 1 });
  const a = await swarm.addBehind(relay, "Alice");
  const b = await swarm.add("Bob", { listen: [], relays: [relay.listenAddrs[0]], isDhtClient: true });
  await b.network.join();
  await until(() => relay.counts().connections === 2, "both are connected");
  assert.equal(relay.counts().reservations, 1);
  assert.deepEqual(b.network.listenAddrs, []);
  // Who has no place can still reach who has one.
  assert.equal(await b.network.dial(a.network.listenAddrs[0]), a.signer.hotkey);
  await a.network.stop();
  await until(() => relay.counts().reservations === 0, "the place is free again");
});

swarmTest("with two relays a node is reached through the one that is left", async (swarm) => {
  const relays = [await swarm.addRelay(), await swarm.addRelay()];
  const addrs = relays.map((relay) => relay.listenAddrs[0]);
  const a = await swarm.addBehind(relays[0], "Alice", { relays: addrs });
  const b = await swarm.addBehind(relays[0], "Bob", { relays: addrs });
  await until(() => [a, b].every((node) => node.network.listenAddrs.length === 2), "both hold two places");
  keepEachOther(a, b);
  await until(() => isUp(a, b) && isUp(b, a), "both see each other");
  await relays[0].stop();
  await until(
    () => a.network.listenAddrs.every((addr) => addr.includes(relays[1].peerId)),
    "one place is left",
  );
  await until(() => isUp(a, b) && isUp(b, a), "both see each other by way of the other relay", 15);
});

swarmTest("a relay answers STUN where it listens and does not bind what it announces", async () => {
  const warnings: LogEvent[] = [];
  const relay = await startRelay({
    identitySeed: new Uint8Array(32).fill(77),
    listen: ["/ip4/0.0.0.0/tcp/0"],
    announce: ["/ip4/203.0.113.7/tcp/4001"],
    maxReservations: 4,
    maxCircuitsPerPeer: 4,
  }, { verify, clock: systemClock, log: eventLog((event) => void warnings.push(event)) });
  const client = createSocket("udp4");
  try {
    assert.ok(relay.listenAddrs.some((addr) => addr.startsWith("/ip4/203.0.113.7/tcp/4001")));
    assert.deepEqual(warnings, []);
    const loopback = relay.listenAddrs.find((addr) => addr.startsWith("/ip4/127.0.0.1/tcp/"))!;
    let isAnswered = false;
    client.on("message", () => isAnswered = true);
    client.send(
      fromHex("000100002112a442b7e7a701bc34d686fa87dfae"),
      Number(loopback.split("/")[4]),
      "127.0.0.1",
    );
    await until(() => isAnswered, "the relay answers STUN");
  } finally {
    client.close();
    await relay.stop();
  }
});
