/** Nodes of one process on loopback TCP, with real sr25519 keys. libp2p's timers outlive a test: no sanitizers. */
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady, sr25519Verify } from "@polkadot/util-crypto";
import { decodeAddress } from "@polkadot/util-crypto";
import { systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import type { Signer, VerifySignature } from "../../../src/base/transport.ts";
import { type Network, type NetworkOptions, startNetwork } from "../../../src/net/network.ts";
import { type Relay, type RelayOptions, startRelay } from "../../../src/net/relay.ts";

await cryptoWaitReady();

export const verify: VerifySignature = (hotkey, message, signature) =>
  sr25519Verify(message, signature, decodeAddress(hotkey));

export function signerOf(name: string): Signer {
  const pair = new Keyring({ type: "sr25519" }).addFromUri(`//${name}`);
  return { hotkey: pair.address, sign: (message) => pair.sign(message) };
}

export interface TestNode {
  readonly network: Network;
  readonly signer: Signer;
  readonly events: LogEvent[];
}

export const RUN_ID = "ab".repeat(32);
export const NETUID = 7;
let nextSeed = 1;

export class TestSwarm {
  readonly nodes: TestNode[] = [];
  readonly relays: Relay[] = [];
  /** The metagraph: every hotkey that this swarm started, less those that a test takes out. */
  readonly registered = new Set<string>();
  /** Thrown instead of an answer from the metagraph. */
  registryFailure?: Error;

  async add(name: string, options: Partial<NetworkOptions> = {}, signer = signerOf(name)): Promise<TestNode> {
    this.registered.add(signer.hotkey);
    const events: LogEvent[] = [];
    const network = await startNetwork({
      identitySeed: new Uint8Array(32).fill(nextSeed++),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      runId: RUN_ID,
      runDescription: `run of ${name}`,
      role: "miner",
      netuid: NETUID,
      ...options,
    }, {
      signer,
      verify,
      isRegistered: (hotkey) => {
        if (this.registryFailure !== undefined) throw this.registryFailure;
        return this.registered.has(hotkey);
      },
      clock: systemClock,
      log: eventLog((event) => events.push(event)),
    });
    const node = { network, signer, events };
    this.nodes.push(node);
    return node;
  }

  async addRelay(options: Partial<RelayOptions> = {}): Promise<Relay> {
    const relay = await startRelay({
      identitySeed: new Uint8Array(32).fill(nextSeed++),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      maxReservations: 16,
      maxCircuitsPerPeer: 64,
      ...options,
    }, { verify, clock: systemClock, log: eventLog(() => {}) });
    this.relays.push(relay);
    return relay;
  }

  /** A node that cannot be dialed: it listens nowhere and holds a place at the relay. */
  async addBehind(relay: Relay, name: string, options: Partial<NetworkOptions> = {}): Promise<TestNode> {
    const node = await this.add(name, {
      listen: [],
      relays: [relay.listenAddrs[0]],
      isDhtClient: true,
      ...options,
    });
    await node.network.join();
    await until(() => node.network.listenAddrs.length > 0, `${name} holds a place at the relay`);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.network.stop()));
    await Promise.all(this.relays.map((relay) => relay.stop()));
  }
}

/** Runs `body` with a swarm that is stopped whatever happens. */
export function swarmTest(
  name: string,
  body: (swarm: TestSwarm) => Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  Deno.test({
    name,
    ...options,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const swarm = new TestSwarm();
      try {
        await body(swarm);
      } finally {
        await swarm.stop();
      }
    },
  });
}

/** Resolves once `condition` holds. @throws after `seconds`, naming `what` */
export async function until(condition: () => boolean, what: string, seconds = 5): Promise<void> {
  for (let i = 0; i < 100 * seconds; i++) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  throw new Error(`waited ${seconds} s in vain until ${what}`);
}
