import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "cborg";
import type { Clock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import type { ChainClient } from "../../../src/chain/client.ts";
import { decodeAnnouncement, encodeAnnouncement } from "../../../src/chain/commitment.ts";
import type { HotkeyPair } from "../../../src/chain/wallet/wallet.ts";
import type { Network } from "../../../src/net/network.ts";
import { KnownPeers } from "../../../src/node/known_peers.ts";
import type { NodeOptions } from "../../../src/node/node_options.ts";
import { PeerDirectory } from "../../../src/node/peer_directory.ts";
import { PeerKeeper } from "../../../src/node/peer_keeper.ts";

const SELF = "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu";
const BOB = "12D3KooWKRyzVWW6ChFjQjK4miCty85Niy48tpPV95XdKu1BcvMA";
const RELAY = "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWFMnc1fvcqcEJrRy5s4Eb1ip1Unj7UzJLdczgcHEKHMrb";

/** One node's surroundings: a chain with Bob on it, a network that does nothing, time that passes when it is slept. */
class Surroundings {
  nowMs = 0;
  height = 1;
  listenAddrs: string[] = [];
  joinFailure?: Error;
  publishFailure?: Error;
  publications = 0;
  readonly events: LogEvent[] = [];
  readonly commitments: Uint8Array[] = [];
  readonly said: [string, Record<string, unknown>][] = [];
  readonly asked: string[] = [];
  targets = new Map<string, readonly string[]>();
  #onBlock = () => {};
  #onAddrs = () => {};

  readonly clock = {
    nowMs: () => this.nowMs,
    monotonicMs: () => this.nowMs,
    sleep: async (ms: number) => void (this.nowMs += ms),
  } as unknown as Clock;

  readonly chain = {
    block: () => this.height,
    publish: async (_netuid: number, _pair: unknown, bytes: Uint8Array) => {
      this.publications++;
      if (this.publishFailure !== undefined) throw this.publishFailure;
      this.commitments.push(bytes);
    },
    metagraph: async () => ({
      neurons: [
        { uid: 0, hotkey: "self", commitment: null },
        {
          uid: 1,
          hotkey: "bob",
          commitment: encodeAnnouncement({ role: "miner", peerId: BOB, addrs: ["/ip4/203.0.113.8/tcp/1"] }),
        },
        { uid: 2, hotkey: "carol", commitment: null },
      ],
    }),
    onBlock: (handler: () => void) => {
      this.#onBlock = handler;
      return () => this.#onBlock = () => {};
    },
  } as unknown as ChainClient;

  readonly network = Object.defineProperties({
    peerId: SELF,
    transport: { self: "self", connected: () => [] },
    join: async () => {
      if (this.joinFailure !== undefined) throw this.joinFailure;
    },
    onListenAddrs: (handler: () => void) => {
      this.#onAddrs = handler;
      return () => this.#onAddrs = () => {};
    },
    keepConnected: (targets: Map<string, readonly string[]>) => void (this.targets = targets),
    publish: async (kind: string, payload: Uint8Array) => void this.said.push([kind, decode(payload)]),
    lookup: async (hotkey: string) => void this.asked.push(hotkey),
    peersSeen: () => [{ hotkey: "bob", isUp: true, listenAddrs: [`/ip4/203.0.113.9/tcp/2/p2p/${BOB}`] }],
  }, { listenAddrs: { get: () => this.listenAddrs } }) as unknown as Network;

  keeper(home: KnownPeers, options: Partial<NodeOptions> = {}): PeerKeeper {
    const log = eventLog((event) => this.events.push(event));
    return new PeerKeeper({ pair: {}, ss58: "self" } as unknown as HotkeyPair, {
      chain: this.chain,
      directory: new PeerDirectory(this.chain, 1, log),
      network: this.network,
      knownPeers: home,
      options: { role: "miner", netuid: 1, relays: [], peers: [], ...options } as NodeOptions,
      clock: this.clock,
      log,
      signal: new AbortController().signal,
    });
  }

  moveTo(addrs: string[]): void {
    this.listenAddrs = addrs;
    this.#onAddrs();
  }

  async passBlock(ms: number): Promise<void> {
    this.nowMs += ms;
    this.height++;
    this.#onBlock();
    for (let i = 0; i < 100; i++) await Promise.resolve();
  }
}

const NOBODY_KNOWN = { addrsOf: () => [], remember: async () => {} } as unknown as KnownPeers;

async function withKeeper(
  options: Partial<NodeOptions>,
  body: (around: Surroundings, keeper: PeerKeeper, home: string) => Promise<void>,
): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "skein-keeper-"));
  try {
    const around = new Surroundings();
    await body(around, around.keeper(NOBODY_KNOWN, options), home);
  } finally {
    await rm(home, { recursive: true });
  }
}

const direct = `/ip4/198.51.100.1/tcp/4001/p2p/${SELF}`;
const relayed = `${RELAY}/p2p-circuit/p2p/${SELF}`;
const relayedWebrtc = `${RELAY}/p2p-circuit/webrtc/p2p/${SELF}`;

Deno.test("a node publishes what fits of where it is: direct first, relayed, no WebRTC by signalling", async () => {
  await withKeeper({ relays: [RELAY] }, async (around, keeper) => {
    around.listenAddrs = [direct, relayedWebrtc, relayed];
    await keeper.start();
    assert.deepEqual(decodeAnnouncement(around.commitments[0]).addrs, [
      direct.replace(`/p2p/${SELF}`, ""),
      relayed.replace(`/p2p/${SELF}`, ""),
    ]);
    assert.deepEqual(around.said, [["announce", { addrs: [direct, relayedWebrtc, relayed] }]]);
    assert.deepEqual(around.events, []);
    await keeper.stop();
  });
});

Deno.test("an address by WebRTC signalling alone is no place at a relay", async () => {
  await withKeeper({ relays: [RELAY] }, async (around, keeper) => {
    around.listenAddrs = [relayedWebrtc];
    await keeper.start();
    assert.deepEqual(around.events.map((event) => event.code), ["node/no-relay"]);
    await keeper.stop();
  });
});

Deno.test("new addresses go to the DHT at once and to the chain when a minute has passed", async () => {
  await withKeeper({}, async (around, keeper) => {
    around.listenAddrs = [direct];
    await keeper.start();
    around.moveTo([]); // nowhere is no news
    around.moveTo([relayed]);
    assert.deepEqual(around.said.filter(([kind]) => kind === "announce").map(([, said]) => said.addrs), [
      [direct],
      [relayed],
    ]);
    await around.passBlock(5000);
    assert.equal(around.commitments.length, 1);
    await around.passBlock(60_000);
    assert.deepEqual(decodeAnnouncement(around.commitments[1]).addrs, [relayed.replace(`/p2p/${SELF}`, "")]);
    await keeper.stop();
  });
});

Deno.test("an address that the chain did not take is published again, a minute later", async () => {
  await withKeeper({}, async (around, keeper) => {
    around.listenAddrs = [direct];
    await keeper.start();
    around.moveTo([relayed]);
    around.publishFailure = new SkeinError("chain/unreachable", "publish: the chain is away");
    await around.passBlock(60_000);
    assert.deepEqual([around.publications, around.commitments.length], [2, 1]);
    around.publishFailure = undefined;
    await around.passBlock(30_000);
    assert.equal(around.publications, 2, "not before its time");
    await around.passBlock(30_000);
    assert.deepEqual(decodeAnnouncement(around.commitments[1]).addrs, [relayed.replace(`/p2p/${SELF}`, "")]);
    await around.passBlock(60_000);
    assert.equal(around.publications, 3, "once it is there, that is all");
    await keeper.stop();
  });
});

Deno.test("a neuron is tried where the chain says and where it was met, and asked for in the DHT", async () => {
  await withKeeper({}, async (around, _keeper, home) => {
    const log = eventLog((event) => around.events.push(event));
    const keeper = around.keeper(await KnownPeers.open(home, log));
    await keeper.start();
    assert.deepEqual([...around.targets], [["bob", [`/ip4/203.0.113.8/tcp/1/p2p/${BOB}`]]]);
    await around.passBlock(15_000);
    assert.deepEqual(around.asked, ["bob"]);
    await keeper.stop();
    const again = around.keeper(await KnownPeers.open(home, log));
    await again.start();
    assert.deepEqual(around.targets.get("bob"), [
      `/ip4/203.0.113.8/tcp/1/p2p/${BOB}`,
      `/ip4/203.0.113.9/tcp/2/p2p/${BOB}`,
    ]);
    await again.stop();
  });
});

Deno.test("dead bootstrap addresses and a relay that gives no place are told, and the node goes on", async () => {
  await withKeeper({ relays: [RELAY] }, async (around, keeper) => {
    around.joinFailure = new SkeinError("net/bootstrap-unreachable", "join the network: none answered");
    await keeper.start();
    assert.deepEqual(around.events.map((event) => [event.level, event.code]), [
      ["warn", "net/bootstrap-unreachable"],
      ["warn", "node/no-relay"],
    ]);
    assert.deepEqual(decodeAnnouncement(around.commitments[0]).addrs, []);
    assert.deepEqual(around.said, []);
    await keeper.stop();
  });
});
