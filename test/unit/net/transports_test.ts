/** Every way that two nodes can be connected, each with authentication, order and large bodies as on TCP. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { systemClock } from "../../../src/base/clock.ts";
import { swarmTest, type TestNode, until } from "./swarm.ts";

const MIB = 1 << 20;

/** Messages both ways, a request, and bodies of 4 MiB each way. */
async function exchange(a: TestNode, b: TestNode): Promise<void> {
  for (const [from, to] of [[a, b], [b, a]]) {
    const heard: number[] = [];
    const stop = to.network.transport.onMessage("chunk", (who, message) => {
      assert.equal(who, from.signer.hotkey);
      assert.equal(message.body!.length, 4 * MIB);
      for (const at of [0, MIB, 4 * MIB - 1]) assert.equal(message.body![at], message.header.index);
      heard.push(message.header.index as number);
    });
    to.network.transport.onRequest("double", async (_who, message) => ({
      type: "doubled",
      header: { x: 2 * (message.header.x as number) },
      body: message.body,
    }));
    for (let index = 0; index < 4; index++) {
      const body = new Uint8Array(4 * MIB).fill(index);
      await from.network.transport.send(to.signer.hotkey, { type: "chunk", header: { index }, body });
    }
    const body = new Uint8Array(4 * MIB).fill(9);
    const answer = await from.network.transport.request(
      to.signer.hotkey,
      { type: "double", header: { x: 21 }, body },
      { maxBodyBytes: 4 * MIB, timeoutMs: 10_000 },
    );
    assert.deepEqual([answer.header.x, answer.body!.length], [42, 4 * MIB]);
    await until(() => heard.length === 4, "all bodies arrived", 10);
    assert.deepEqual(heard, [0, 1, 2, 3]);
    stop();
  }
}

function addressesInUse(node: TestNode): string[] {
  return node.network.transport.links().flatMap((link) => link.connections).map((each) =>
    each.remoteAddr.toString()
  );
}

swarmTest("two nodes meet by WebSocket", async (swarm) => {
  const a = await swarm.add("Alice", { listen: ["/ip4/127.0.0.1/tcp/0/ws"] });
  const b = await swarm.add("Bob", { listen: [] });
  assert.match(a.network.listenAddrs[0], /\/ws\/p2p\//);
  assert.equal(await b.network.dial(a.network.listenAddrs[0]), a.signer.hotkey);
  await until(() => a.network.transport.connected().length === 1, "A knows B");
  assert.match(addressesInUse(b)[0], /\/ws/);
  await exchange(a, b);
});

swarmTest("two nodes meet by WebRTC-direct", async (swarm) => {
  const a = await swarm.add("Alice", { listen: ["/ip4/127.0.0.1/udp/0/webrtc-direct"], webrtc: true });
  const b = await swarm.add("Bob", { listen: [], webrtc: true });
  assert.match(a.network.listenAddrs[0], /\/webrtc-direct\/certhash\//);
  assert.equal(await b.network.dial(a.network.listenAddrs[0]), a.signer.hotkey);
  await until(() => a.network.transport.connected().length === 1, "A knows B");
  assert.match(addressesInUse(b)[0], /\/webrtc-direct\//);
  await exchange(a, b);
  await b.network.stop();
  await until(() => a.network.transport.connected().length === 0, "A sees B go");
});

swarmTest("an unregistered hotkey is refused by WebRTC-direct, too", async (swarm) => {
  const a = await swarm.add("Alice", { listen: ["/ip4/127.0.0.1/udp/0/webrtc-direct"], webrtc: true });
  const b = await swarm.add("Bob", { listen: [], webrtc: true });
  swarm.registered.delete(b.signer.hotkey);
  await assert.rejects(b.network.dial(a.network.listenAddrs[0]), { code: "net/unregistered-hotkey" });
  assert.deepEqual([a.network.transport.connected(), b.network.transport.connected()], [[], []]);
});

swarmTest(
  "nodes behind a relay that have WebRTC go on without the relay, and no frame is lost",
  async (swarm) => {
    const relay = await swarm.addRelay();
    const a = await swarm.addBehind(relay, "Alice", { webrtc: true });
    const b = await swarm.addBehind(relay, "Bob", { webrtc: true });
    const relayed = b.network.listenAddrs.find((addr) => !addr.includes("/webrtc"))!;
    assert.equal(await a.network.dial(relayed), b.signer.hotkey);
    await until(() => b.network.transport.connected().length === 1, "B knows A");
    const heard: number[] = [];
    b.network.transport.onMessage(
      "count",
      (_who, message) => void heard.push(message.header.index as number),
    );
    let sentCount = 0;
    const isDirect = () => [a, b].every((node) => addressesInUse(node).some(isWebrtc));
    const body = new Uint8Array(200_000);
    const endMs = systemClock.nowMs() + 60_000;
    while (!isDirect() || sentCount < 20) {
      assert.ok(systemClock.nowMs() < endMs, "both are connected directly within a minute");
      await a.network.transport.send(b.signer.hotkey, {
        type: "count",
        header: { index: sentCount++ },
        body,
      });
    }
    await until(
      () => [a, b].every((node) => addressesInUse(node).every(isWebrtc)),
      "the relayed link is gone",
      15,
    );
    assert.deepEqual(heard, Array.from({ length: sentCount }, (_, i) => i));
    await exchange(a, b);
  },
);

const isWebrtc = (addr: string) => addr.includes("/webrtc");

swarmTest(
  "two nodes in one local network find each other without being told",
  async (swarm) => {
    const a = await swarm.add("Alice", { mdns: true }), b = await swarm.add("Bob", { mdns: true });
    await until(() => a.network.transport.connected().length === 1, "A met B", 15);
    assert.deepEqual(b.network.transport.connected(), [a.signer.hotkey]);
  },
  { ignore: !(await hearsItself()) },
);

/** Whether a multicast datagram comes back: a machine may have no route for it. */
async function hearsItself(): Promise<boolean> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 500);
      const end = (isHeard: boolean) => {
        clearTimeout(timer);
        resolve(isHeard);
      };
      socket.on("error", () => end(false));
      socket.on("message", () => end(true));
      socket.bind(0, () => {
        try {
          socket.addMembership("224.0.0.251");
          socket.send("skein", socket.address().port, "224.0.0.251", (error) => error && end(false));
        } catch {
          end(false);
        }
      });
    });
  } finally {
    socket.close();
  }
}
