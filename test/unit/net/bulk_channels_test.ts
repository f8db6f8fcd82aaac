/** Channels between nodes on loopback: what goes over them, what when there are none, and when they end. */
import assert from "node:assert/strict";
import type { Message } from "../../../src/base/transport.ts";
import type { NetworkOptions } from "../../../src/net/network.ts";
import type { PeerLink } from "../../../src/net/peer_link.ts";
import { LANE_PROTOCOLS } from "../../../src/net/protocols.ts";
import { swarmTest, type TestNode, type TestSwarm, until } from "./swarm.ts";

/** By hotkey, so that `a` is the one that dials at once. */
async function pair(
  swarm: TestSwarm,
  options: Partial<NetworkOptions>[] = [],
): Promise<[TestNode, TestNode]> {
  const nodes = [await swarm.add("Alice", options[0]), await swarm.add("Bob", options[1] ?? options[0])];
  const [a, b] = nodes.sort((x, y) => x.signer.hotkey < y.signer.hotkey ? -1 : 1);
  await b.network.dial(a.network.listenAddrs[0]);
  await until(() => a.network.transport.connected().length === 1, "they are connected");
  return [a, b];
}

const linkOf = (node: TestNode): PeerLink => node.network.transport.links()[0];
const chunk = (n: number, bytes = 100_000): Message => ({
  type: "chunk",
  header: { n },
  body: new Uint8Array(bytes).fill(n & 255),
  isUnordered: true,
});

function received(node: TestNode): Set<number> {
  const got = new Set<number>();
  node.network.transport.onMessage("chunk", (_, { header, body }) => {
    const n = header.n as number;
    assert.ok(body!.every((byte) => byte === (n & 255)), `chunk ${n} is whole`);
    got.add(n);
  });
  return got;
}

const send = (from: TestNode, to: TestNode, message: Message) =>
  from.network.transport.send(to.signer.hotkey, message);

async function openChannel(from: TestNode, to: TestNode): Promise<void> {
  const got = received(to);
  await send(from, to, chunk(0));
  await until(() => got.size === 1, "the first chunk came, by whatever way");
  await until(() => linkOf(from).channels.length > 0 && linkOf(to).channels.length > 0, "a channel is open");
}

/** Streams that carry messages over libp2p, of both ends of the lane. */
const bulkStreams = (node: TestNode) =>
  linkOf(node).connections.flatMap(({ streams }) => streams).filter((stream) =>
    stream.protocol === LANE_PROTOCOLS.bulk
  );

swarmTest("bulk goes over a channel, both ways, and what keeps an order does not", async (swarm) => {
  const [a, b] = await pair(swarm);
  await openChannel(a, b);
  await Promise.all(bulkStreams(a).map((stream) => stream.close())); // of the first chunk
  await until(() => bulkStreams(a).length + bulkStreams(b).length === 0, "libp2p carries no bulk");
  const atA = received(a), atB = received(b);
  for (let n = 0; n < 40; n++) await Promise.all([send(a, b, chunk(n)), send(b, a, chunk(n))]);
  await until(() => atA.size === 40 && atB.size === 40, "all chunks arrived");
  assert.deepEqual([bulkStreams(a).length, bulkStreams(b).length], [0, 0]);
  assert.deepEqual([linkOf(a).channels[0].direction, linkOf(b).channels[0].direction], [
    "outbound",
    "inbound",
  ]);
  const order: number[] = [];
  b.network.transport.onMessage("ordered", (_, { header }) => void order.push(header.n as number));
  for (let n = 0; n < 5; n++) await send(a, b, { ...chunk(n), type: "ordered", isUnordered: false });
  await until(() => order.length === 5, "ordered bodies arrived");
  assert.equal(bulkStreams(a).length, 1);
});

swarmTest("bytes may be used again once a send has resolved, on a channel and without", async (swarm) => {
  for (const bulkPort of [undefined, "off"] as const) {
    const [a, b] = await pair(swarm, [{ bulkPort }]);
    if (bulkPort === undefined) await openChannel(a, b);
    const got = received(b); // checks them
    const body = new Uint8Array(1 << 20);
    for (let n = 1; n <= 24; n++) {
      body.fill(n);
      await send(a, b, { ...chunk(n), body });
    }
    await until(() => got.size === 24, "all arrived");
    await Promise.all([a.network.stop(), b.network.stop()]);
  }
});

swarmTest("each member sends on a channel of its own", async (swarm) => {
  const [a, b] = await pair(swarm);
  const gotA = received(a), gotB = received(b);
  await send(b, a, chunk(1));
  await send(a, b, chunk(2));
  await until(() => gotA.size === 1 && gotB.size === 1, "both chunks arrived");
  const directions = linkOf(b).channels.map(({ direction }) => direction).sort();
  assert.deepEqual(directions, ["inbound", "outbound"]);
});

swarmTest(
  "a node that accepts none dials them itself; where nobody does, libp2p carries all",
  async (swarm) => {
    const [a, b] = await pair(swarm, [{ bulkPort: "off" }]);
    const got = received(b);
    for (let n = 0; n < 10; n++) await send(a, b, chunk(n));
    await until(() => got.size === 10, "all chunks arrived");
    assert.deepEqual([linkOf(a).channels.length, linkOf(b).channels.length], [0, 0]);
    const names = ["Carol", "Dave"];
    const carol = await swarm.add(names[0], { bulkPort: "off" }), dave = await swarm.add(names[1]);
    await carol.network.dial(dave.network.listenAddrs[0]);
    await until(() => dave.network.transport.connected().length === 1, "they are connected");
    const atDave = received(dave);
    await send(carol, dave, chunk(0));
    await send(carol, dave, chunk(1));
    await until(() => linkOf(dave).channels.length === 1, "a channel is open");
    assert.equal(linkOf(dave).channels[0].direction, "inbound");
    await until(() => atDave.size === 2, "both chunks arrived");
  },
);

swarmTest("a peer that is cut off loses its channels at once", async (swarm) => {
  const [a, b] = await pair(swarm, [{ offenceLimit: 2 }]);
  await openChannel(a, b);
  const [channel] = linkOf(b).channels;
  b.network.transport.penalise(a.signer.hotkey, "test/offence");
  assert.equal(channel.status, "open");
  b.network.transport.penalise(a.signer.hotkey, "test/offence");
  assert.equal(channel.status, "closed");
  await until(() => linkOf(a).channels.length === 0, "the other side sees it");
});

swarmTest("channels end with the link, a retired one too, and with the node", async (swarm) => {
  const [a, b] = await pair(swarm);
  await openChannel(a, b);
  const [retired] = linkOf(a).channels;
  void retired.retire();
  assert.equal(retired.status, "closing");
  assert.equal(linkOf(a).channels.length, 1); // it holds a socket, so it counts
  for (const connection of linkOf(a).connections) connection.abort(new Error("test"));
  await until(() => retired.status === "closed", "it ends with the link");
  await until(() => !linkOf(b).isUp, "the other side sees the link go");
  await b.network.dial(a.network.listenAddrs[0]);
  await until(() => linkOf(a).isUp, "the link is back");
  await openChannel(a, b); // at once: the link is new
  const [last] = linkOf(a).channels;
  a.network.transport.channels.stop();
  assert.equal(last.status, "closed");
});

swarmTest(
  "when a channel breaks under load, what it had and what comes later goes by libp2p",
  async (swarm) => {
    const [a, b] = await pair(swarm);
    await openChannel(a, b);
    const got = received(b);
    const sends: Promise<void>[] = [];
    for (let n = 0; n < 200; n++) sends.push(send(a, b, chunk(n, 1 << 18)));
    await until(() => got.size > 5, "it is under way");
    linkOf(a).channels[0].abort();
    await Promise.all(sends); // none is refused
    assert.equal(linkOf(a).channels.length, 0);
    // What lay in the sockets is lost, as with a connection of libp2p's; all that was taken later has arrived.
    for (let n = 200; n < 210; n++) await send(a, b, chunk(n));
    await until(
      () => Array.from({ length: 10 }, (_, i) => 200 + i).every((n) => got.has(n)),
      "later ones came",
    );
    assert.ok(got.has(199), "those that waited came");
    assert.equal(linkOf(a).channels.length, 0, "it is not dialed again at once");
  },
);
