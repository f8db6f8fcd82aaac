/** Peers that lie, flood or talk garbage: refused with a typed error, counted, and without harm to the others. */
import assert from "node:assert/strict";
import type { Connection } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { isSkeinError, SkeinError } from "../../../src/base/errors.ts";
import { Random } from "../../../src/base/random.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { type Binding, signBinding } from "../../../src/net/binding.ts";
import { encodeFrameHead, type FrameKind, MAX_HEADER_BYTES } from "../../../src/net/frame.ts";
import { FrameStream } from "../../../src/net/frame_stream.ts";
import { StreamBytes } from "../../../src/net/stream_bytes.ts";
import { HELLO_PROTOCOL, PROTOCOL_VERSION } from "../../../src/net/hello.ts";
import { type Host, startHost } from "../../../src/net/host.ts";
import { LANE_PROTOCOLS, REQUEST_PROTOCOL } from "../../../src/net/protocols.ts";
import { NETUID, RUN_ID, signerOf, swarmTest, type TestNode, until } from "./swarm.ts";

const WIDE = { maxHeaderBytes: 1 << 26, maxBodyBytes: 1 << 26 };
const HOUR_MS = 3_600_000;

/** A bare libp2p host that speaks to a node without our transport. */
async function withHostileHost(body: (host: Host) => Promise<void>): Promise<void> {
  const host = await startHost(
    { identitySeed: new Uint8Array(32).fill(200), listen: [], webrtc: false },
    { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
  );
  try {
    await body(host);
  } finally {
    await host.stop();
  }
}

const connect = (host: Host, node: TestNode): Promise<Connection> =>
  host.dial(multiaddr(node.network.listenAddrs[0]));

async function open(connection: Connection, protocol: string): Promise<FrameStream> {
  return new FrameStream(new StreamBytes(await connection.newStream(protocol)), WIDE, {
    sentBytes: 0,
    receivedBytes: 0,
  });
}

function helloOf(name: string, fields: { peerId: string } & Partial<Omit<Binding, "signature">>, more = {}) {
  const signer = signerOf(name);
  const binding = signBinding(signer, { netuid: NETUID, notAfterMs: Date.now() + HOUR_MS, ...fields });
  return {
    protocolVersion: PROTOCOL_VERSION,
    runId: RUN_ID,
    runDescription: "hostile",
    hotkey: signer.hotkey,
    role: "miner",
    listenAddrs: [],
    binding,
    ...more,
  };
}

async function sayHello(connection: Connection, hello: Record<string, unknown>, kind: FrameKind = "hello") {
  const frames = await open(connection, HELLO_PROTOCOL);
  await frames.write(kind, hello);
  return await frames.read();
}

const isBroken = (error: unknown) =>
  isSkeinError(error, "net/link-lost") || isSkeinError(error, "net/frame-truncated");

swarmTest("an unregistered hotkey is refused on both sides with a typed error", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  swarm.registered.delete(b.signer.hotkey);
  await assert.rejects(
    b.network.dial(a.network.listenAddrs[0]),
    (error) => isSkeinError(error, "net/unregistered-hotkey") && error.payload.hotkey === b.signer.hotkey,
  );
  assert.deepEqual(a.network.transport.offences(), { [b.network.peerId]: { "net/unregistered-hotkey": 1 } });
  assert.deepEqual([a.network.transport.connected(), b.network.transport.connected()], [[], []]);
});

swarmTest("a chain that does not answer is no offence of whoever asks to be let in", async (swarm) => {
  const a = await swarm.add("Alice", { offenceLimit: 2 }), b = await swarm.add("Bob");
  swarm.registryFailure = new SkeinError("chain/unreachable", "ask the chain: no answer, wait");
  for (let i = 0; i < 3; i++) {
    await assert.rejects(
      b.network.dial(a.network.listenAddrs[0]),
      (error) => isSkeinError(error, "net/registry-unavailable"),
    );
  }
  assert.deepEqual(a.network.transport.offences(), {});
  swarm.registryFailure = undefined;
  await until(() => {
    void b.network.dial(a.network.listenAddrs[0]).catch(() => {});
    return a.network.transport.connected().length === 1;
  }, "B is let in when the chain is back");
});

swarmTest("a peer of another run is refused, and both sides learn both runs", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob", { runId: "cd".repeat(32) });
  await assert.rejects(b.network.dial(a.network.listenAddrs[0]), (error) => {
    assert.ok(isSkeinError(error, "net/other-run"), String(error));
    assert.match(error.message, /run of Bob.*run of Alice/);
    return true;
  });
  const told = a.events.find((event) => event.event === "peer-refused");
  assert.equal(told?.code, "net/other-run");
  assert.deepEqual((told?.runs as { description: string }[]).map((run) => run.description), [
    "run of Alice",
    "run of Bob",
  ]);
});

swarmTest(
  "a binding is refused when replayed, expired, of another subnet or not signed by the hotkey",
  async (swarm) => {
    const a = await swarm.add("Alice"), b = await swarm.add("Bob");
    await withHostileHost(async (host) => {
      const peerId = host.peerId.toString();
      const good = helloOf("Bob", { peerId });
      const cases: [string, Record<string, unknown>][] = [
        ["peer-id", helloOf("Bob", { peerId: b.network.peerId })],
        ["expired", helloOf("Bob", { peerId, notAfterMs: Date.now() - 1000 })],
        ["netuid", helloOf("Bob", { peerId, netuid: NETUID + 1 })],
        ["signature", { ...good, binding: helloOf("Mallory", { peerId }).binding }],
        ["signature", { ...good, binding: { ...good.binding, notAfterMs: good.binding.notAfterMs + 1 } }],
        ["own-hotkey", { ...good, hotkey: a.signer.hotkey }],
      ];
      for (const [reason, hello] of cases) {
        const reply = await sayHello(await connect(host, a), hello);
        assert.equal(reply?.kind, "refusal");
        assert.equal(reply?.header.code, "net/bad-binding");
        assert.equal((reply?.header.payload as { reason: string }).reason, reason);
        await until(() => host.getConnections().length === 0, "the refused connection is closed");
      }
      assert.deepEqual(a.network.transport.offences(), { [peerId]: { "net/bad-binding": cases.length } });
      assert.equal((await sayHello(await connect(host, a), good))?.kind, "hello");
      assert.deepEqual(a.network.transport.connected(), [b.signer.hotkey]);
    });
  },
);

swarmTest(
  "before a hello nothing is read, and a second hello on a connection is an offence",
  async (swarm) => {
    const a = await swarm.add("Alice"), b = await swarm.add("Bob");
    let handled = 0;
    a.network.transport.onMessage("note", () => void handled++);
    a.network.transport.onRequest("ask", async () => {
      handled++;
      return { type: "x", header: {} };
    });
    await withHostileHost(async (host) => {
      const connection = await connect(host, a);
      const before = a.network.transport.traffic().receivedBytes;
      for (const protocol of [...Object.values(LANE_PROTOCOLS), REQUEST_PROTOCOL]) {
        const frames = await open(connection, protocol);
        const kind = protocol === REQUEST_PROTOCOL ? "request" : "message";
        await frames.write(kind, { type: "note", header: {} }, new Uint8Array(200_000)).catch(() => {});
        await assert.rejects(frames.read(), isBroken);
      }
      assert.equal(a.network.transport.traffic().receivedBytes, before);
      assert.equal(handled, 0);
      const peerId = host.peerId.toString();
      assert.deepEqual(a.network.transport.offences(), { [peerId]: { "net/unauthenticated": 3 } });
      assert.equal((await sayHello(connection, helloOf("Bob", { peerId })))?.kind, "hello");
      await assert.rejects(sayHello(connection, helloOf("Bob", { peerId })), isBroken);
      assert.equal(a.network.transport.offences()[peerId]["net/frame-malformed"], 1);
      assert.deepEqual(a.network.transport.connected(), [b.signer.hotkey]);
    });
  },
);

swarmTest("who dialed and is greeted on the same connection answers, once", async (swarm) => {
  const a = await swarm.add("Alice");
  swarm.registered.add(signerOf("Bob").hotkey);
  const host = await startHost(
    { identitySeed: new Uint8Array(32).fill(203), listen: ["/ip4/127.0.0.1/tcp/0"], webrtc: false },
    { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
  );
  try {
    const hello = helloOf("Bob", { peerId: host.peerId.toString() });
    await host.handle(HELLO_PROTOCOL, async (stream) => {
      const frames = new FrameStream(new StreamBytes(stream), WIDE, { sentBytes: 0, receivedBytes: 0 });
      assert.equal((await frames.read())?.kind, "hello");
      await frames.write("hello", hello);
    });
    assert.equal(await a.network.dial(host.getMultiaddrs()[0].toString()), hello.hotkey);
    // Both ends of a hole that was punched have dialed, so both greet.
    const [connection] = host.getConnections();
    assert.equal((await sayHello(connection, hello))?.kind, "hello");
    assert.deepEqual(a.network.transport.offences(), {});
    await assert.rejects(sayHello(connection, hello), isBroken);
    assert.equal(a.network.transport.offences()[host.peerId.toString()]["net/frame-malformed"], 1);
  } finally {
    await host.stop();
  }
});

swarmTest("an oversized frame costs its stream, is counted, and the connection lives on", async (swarm) => {
  const a = await swarm.add("Alice", { maxBodyBytes: 1000 }), b = await swarm.add("Bob");
  await b.network.dial(a.network.listenAddrs[0]);
  let heard = 0;
  a.network.transport.onMessage("chunk", () => void heard++);
  const to = a.signer.hotkey;
  await b.network.transport.send(to, { type: "chunk", header: {}, body: new Uint8Array(1001) });
  await until(() => a.network.transport.offences()[b.signer.hotkey] !== undefined, "the offence is counted");
  assert.deepEqual(a.network.transport.offences(), { [b.signer.hotkey]: { "net/frame-oversized": 1 } });
  assert.deepEqual(a.network.transport.connected(), [b.signer.hotkey]);
  await until(() => b.network.transport.connected().length === 1, "B is still connected");
  await systemClock.sleep(20);
  await b.network.transport.send(to, { type: "chunk", header: {}, body: new Uint8Array(1000) });
  await until(() => heard === 1, "a chunk within the limit arrives");
  await assert.rejects(
    a.network.transport.send(b.signer.hotkey, { type: "chunk", header: {}, body: new Uint8Array(1001) }),
    (error) => isSkeinError(error, "net/frame-oversized"),
  );
  await assert.rejects(
    a.network.transport.send(b.signer.hotkey, { type: "x", header: { text: "y".repeat(MAX_HEADER_BYTES) } }),
    (error) => isSkeinError(error, "net/frame-oversized"),
  );
});

swarmTest("garbage on every protocol is counted until the peer is cut off and kept out", async (swarm) => {
  const a = await swarm.add("Alice", { offenceLimit: 5 }), b = await swarm.add("Bob");
  await swarm.add("Carol").then((c) => c.network.dial(a.network.listenAddrs[0]));
  const random = new Random(5);
  await withHostileHost(async (host) => {
    const connection = await connect(host, a);
    const peerId = host.peerId.toString();
    assert.equal((await sayHello(connection, helloOf("Bob", { peerId })))?.kind, "hello");
    const lie = encodeFrameHead("message", { type: "note", header: {} }, 0, WIDE);
    new DataView(lie.buffer).setUint32(4, 0xffffffff, true);
    const noise = Uint8Array.from({ length: 5000 }, () => random.nextBelow(256));
    const answer = encodeFrameHead("answer", { type: "note", header: {} }, 0, WIDE);
    const protocols = [LANE_PROTOCOLS.control, LANE_PROTOCOLS.bulk, REQUEST_PROTOCOL];
    for (const [index, bytes] of [lie, noise, answer, noise, lie].entries()) {
      const stream = await connection.newStream(protocols[index % 3]);
      stream.send(bytes);
      const counted = () =>
        Object.values(a.network.transport.offences()[b.signer.hotkey] ?? {}).reduce((sum, n) => sum + n, 0);
      await until(() => counted() === index + 1, `offence ${index + 1} is counted`);
    }
    await until(() => connection.status !== "open", "the peer is cut off");
    assert.deepEqual(a.network.transport.offences(), {
      [b.signer.hotkey]: { "net/frame-oversized": 2, "net/frame-malformed": 3 },
    });
    const again = await connect(host, a).then(
      (next) => sayHello(next, helloOf("Bob", { peerId })),
      () => null,
    )
      .catch(() => null);
    assert.equal(again, null);
  });
  await assert.rejects(
    b.network.dial(a.network.listenAddrs[0]),
    (error) => isSkeinError(error, "net/cut-off"),
  );
  assert.deepEqual(a.network.transport.connected(), [signerOf("Carol").hotkey]);
});

swarmTest("a hello of garbage is refused, and a silent peer is disconnected", async (swarm) => {
  const a = await swarm.add("Alice", { helloTimeoutMs: 300 });
  await withHostileHost(async (host) => {
    const first = await sayHello(await connect(host, a), { protocolVersion: "one" });
    assert.equal(first?.header.code, "net/frame-malformed");
    await until(() => host.getConnections().length === 0, "the refused connection is closed");
    const silent = await connect(host, a);
    await until(() => silent.status !== "open", "the silent connection is closed");
    const slow = await connect(host, a);
    await open(slow, HELLO_PROTOCOL);
    await until(() => slow.status !== "open", "the connection with an empty hello stream is closed");
  });
});

swarmTest(
  "a handler's SkeinError counts against the sender, and later messages still arrive",
  async (swarm) => {
    const a = await swarm.add("Alice"), b = await swarm.add("Bob");
    await b.network.dial(a.network.listenAddrs[0]);
    let heard = 0;
    a.network.transport.onMessage("chunk", () => {
      heard++;
      throw new SkeinError("codec/non-finite", "decode chunk: it holds NaN");
    });
    for (let i = 0; i < 3; i++) {
      await b.network.transport.send(a.signer.hotkey, {
        type: "chunk",
        header: {},
      });
    }
    await until(() => heard === 3, "three chunks are handled");
    assert.deepEqual(a.network.transport.offences(), { [b.signer.hotkey]: { "codec/non-finite": 3 } });
  },
);
