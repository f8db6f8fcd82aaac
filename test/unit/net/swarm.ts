/** Nodes of one process on loopback TCP, with real sr25519 keys. libp2p's timers outlive a test: no sanitizers. */
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady, sr25519Verify } from "@polkadot/util-crypto";
import { decodeAddress } from "@polkadot/util-crypto";
import { systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import type { Signer, VerifySignature } from "../../../src/base/transport.ts";
import { type Network, type NetworkOptions, startNetwork } from "../../../src/net/network.ts";

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
  /** The metagraph: every hotkey that this swarm started, less those that a test takes out. */
  readonly registered = new Set<string>();

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
      isRegistered: (hotkey) => this.registered.has(hotkey),
      clock: systemClock,
      log: eventLog((event) => events.push(event)),
    });
    const node = { network, signer, events };
    this.nodes.push(node);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.network.stop()));
  }
}

/** Runs `body` with a swarm that is stopped whatever happens. */
export function swarmTest(name: string, body: (swarm: TestSwarm) => Promise<void>): void {
  Deno.test({
    name,
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

/** Resolves once `condition` holds. @throws after 5 s, naming `what` */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  throw new Error(`waited 5 s in vain until ${what}`);
}
