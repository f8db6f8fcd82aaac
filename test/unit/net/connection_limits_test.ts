/** Connections are for members first; what slow paths get beyond that is bounded, and keeps nobody out. */
import assert from "node:assert/strict";
import type { Connection } from "@libp2p/interface";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { ExtraConnections, MAX_MEMBER_CONNECTIONS, MAX_MEMBERS } from "../../../src/net/connection_limits.ts";
import type { Hello } from "../../../src/net/hello.ts";
import { startHost } from "../../../src/net/host.ts";
import { Offences } from "../../../src/net/offences.ts";
import { MAX_STRIPES } from "../../../src/net/stripe_growth.ts";
import { Libp2pTransport } from "../../../src/net/transport.ts";
import { LIMITS } from "./fake_peer.ts";

const connectionOf = (direction: "inbound" | "outbound") =>
  Object.assign(new EventTarget(), { status: "open", direction }) as unknown as Connection;

for (const [peers, firsts] of [[63, 1], [63, 2], [MAX_MEMBERS - 1, 2]]) {
  Deno.test(`${peers} slow peers with ${firsts} connections each do not reach the limit by doubling`, async () => {
    const links = Array.from({ length: peers }, () => ({
      connections: Array.from({ length: firsts }, () => connectionOf("outbound")),
      channels: [] as { direction: "outbound" }[],
    }));
    const extras = new ExtraConnections(() => links);
    for (let doubling = 0; doubling < 4; doubling++) {
      await Promise.all(links.map(({ connections }) => {
        const wanted = Math.min(connections.length, MAX_STRIPES - connections.length);
        return extras.grant(wanted, async (count) => {
          await systemClock.sleep(0);
          for (let i = 0; i < count; i++) connections.push(connectionOf("outbound"));
        });
      }));
    }
    const total = links.reduce((sum, { connections }) => sum + connections.length, 0);
    assert.ok(total > peers * firsts + 100, `${total} connections: slow paths got some more`);
    assert.ok(total <= MAX_MEMBER_CONNECTIONS - 256, `${total} connections leave room for others`);
    if (peers === 63) assert.ok(total <= 2 * peers + 512, `${total} connections`);
  });
}

Deno.test("dials that were given up and hold a socket count", async () => {
  let hungCount = 510;
  const extras = new ExtraConnections(() => [], () => hungCount);
  const granted: number[] = [];
  const ask = () => extras.grant(23, async (count) => void granted.push(count));
  await ask();
  hungCount = 512;
  await ask();
  hungCount = 0;
  await ask();
  assert.deepEqual(granted, [2, 23]);
});

Deno.test("extra connections that peers dial are refused beyond the budget, nobody's first ones are", () => {
  const clock = systemClock;
  const transport = new Libp2pTransport({
    ...{ self: "Alice", limits: LIMITS, clock, log: silentLog, traffic: { sentBytes: 0, receivedBytes: 0 } },
    offences: new Offences({ limit: 20, cutOffMs: 1000 }, clock),
    known: () => Promise.reject(new Error("not asked")),
    dialMore: async () => {},
  });
  const add = (hotkey: string, direction: "inbound" | "outbound" = "inbound") => {
    const connection = connectionOf(direction);
    transport.addConnection(connection, { hotkey } as Hello);
    return connection;
  };
  const greedy: Connection[] = [];
  const refused = (error: unknown) => isSkeinError(error, "net/too-many-connections");
  const extra = MAX_STRIPES - 2;
  const fullPeers = Math.floor(512 / extra);
  for (let peer = 0; peer <= fullPeers; peer++) {
    const first = greedy.length;
    assert.throws(() => {
      for (let i = 0; i < 1000; i++) greedy.push(add(`greedy ${peer}`));
    }, refused);
    // Each has as many as a peer may dial, the last one what is left.
    assert.equal(greedy.length - first, peer < fullPeers ? MAX_STRIPES : 2 + 512 % extra);
  }
  for (let peer = 0; peer < 300; peer++) {
    add(`peer ${peer}`);
    add(`peer ${peer}`);
  }
  assert.throws(() => add("peer 1"), refused);
  transport.addConnection(greedy[0], { hotkey: "greedy 0" } as Hello); // known already: both ends said hello
  greedy[0].dispatchEvent(new Event("close"));
  add("peer 1");
  assert.equal(transport.connected().length, 301 + fullPeers);
});

Deno.test({
  name: "a member's host holds connections to a group of the largest size",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const host = await startHost(
      { identitySeed: new Uint8Array(32).fill(9), listen: [], webrtc: false },
      { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
    );
    const { components } = host as unknown as {
      components: { connectionManager: { getMaxConnections(): number } };
    };
    const limit = components.connectionManager.getMaxConnections();
    await host.stop();
    assert.equal(limit, MAX_MEMBER_CONNECTIONS);
    assert.ok(limit >= 2 * 1023);
  },
});
