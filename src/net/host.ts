/**
 * The libp2p host: TCP, WebSocket, relayed connections and, asked for, WebRTC and mDNS; noise, yamux, identify, ping, AutoNAT,
 * hole punching, and a kad-dht of our own prefix. What libp2p's defaults get wrong for us, and why it is set here: five
 * new connections a second from one address (a swarm on one machine, miners behind one NAT), no dialing of private
 * addresses, pruning of busy connections, and anybody being able to make a node listen at a relay of his.
 */
import "./deno_compat.ts";
import { createLibp2p, type Libp2p } from "libp2p";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { autoNAT } from "@libp2p/autonat";
import { dcutr } from "@libp2p/dcutr";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { PeerId } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { CIRCUIT, relayPeerId } from "./addresses.ts";
import { BoundedDatastore } from "./bounded_datastore.ts";
import { MAX_MEMBER_CONNECTIONS, MAX_MEMBERS } from "./connection_limits.ts";
import { netError } from "./errors.ts";
import { withQuietClosing } from "./leave_relay.ts";
import { withoutRandomWalk } from "./no_random_walk.ts";
import { stunUrlOf } from "./stun_server.ts";
import { trustInterfaces } from "./trusted_interfaces.ts";

/** A paused stream may still receive the window it was granted: the read buffer must hold it. */
const MAX_STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_READ_BUFFER_BYTES = 2 * MAX_STREAM_WINDOW_BYTES;
const PREFIX = "skein";
const DHT_PROTOCOL = "/skein/kad/1.0.0";
export type Host = Libp2p<{ dht: KadDHT }>;

export interface HostOptions {
  /** 32 bytes, Ed25519. */
  readonly identitySeed: Uint8Array;
  /** Multiaddrs, for instance /ip4/127.0.0.1/tcp/0 or /ip4/0.0.0.0/tcp/4002/ws. Empty: nobody can dial us directly. */
  readonly listen: readonly string[];
  /** WebRTC, direct and by signalling over a relay: loads a native addon. */
  readonly webrtc: boolean;
  /** Multiaddrs told to others besides those listened on: a forwarded port. */
  readonly announce?: readonly string[];
  /** A place is reserved at each, so that others reach us through it. They end in /p2p/<peer id>. */
  readonly relays?: readonly string[];
  /** Ask the DHT but keep nothing for it. */
  readonly isDhtClient?: boolean;
  /** Find, and be found by, those in the local network who use the same tag. */
  readonly mdnsTag?: string;
  /** Default: what a member needs. */
  readonly maxConnections?: number;
  /** Made by a relay. */
  readonly relayServer?: unknown;
}

export interface HostDependencies {
  isRefused(peerId: string): boolean;
  /** Of DHT records under /skein/. Throwing refuses the record. */
  validateRecord(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** Index of the best of several valid records. */
  selectRecord(key: Uint8Array, records: Uint8Array[]): number;
  readonly clock: Clock;
}

/**
 * A started host.
 * @throws {SkeinError} `net/listen-failed`, `net/bad-address`; `net/webrtc-unavailable` when asked for and its addon
 * cannot be loaded
 */
export async function startHost(options: HostOptions, dependencies: HostDependencies): Promise<Host> {
  const privateKey = await generateKeyPairFromSeed("Ed25519", options.identitySeed);
  const refuses = (peerId: PeerId) => dependencies.isRefused(peerId.toString());
  const { relays = [], announce = [] } = options;
  const listen = [...options.listen, ...relays.map(() => CIRCUIT)];
  if (options.webrtc && relays.length > 0) listen.push("/webrtc");
  const host = await createLibp2p({
    privateKey,
    datastore: new BoundedDatastore(),
    addresses: { listen, appendAnnounce: [...announce] },
    transports: await transportsOf(options),
    peerDiscovery: await discoveryOf(options),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({
      streamOptions: {
        maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES,
        maxReadBufferLength: MAX_READ_BUFFER_BYTES,
      },
    })],
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyDialPeer: refuses,
      denyInboundEncryptedConnection: refuses,
    },
    connectionMonitor: { enabled: false },
    connectionManager: {
      inboundConnectionThreshold: 1000,
      maxIncomingPendingConnections: 200,
      maxConnections: options.maxConnections ?? MAX_MEMBER_CONNECTIONS,
    },
    services: {
      identify: identify({ protocolPrefix: PREFIX }),
      ping: ping({ protocolPrefix: PREFIX }),
      autonat: withoutRandomWalk(autoNAT({ protocolPrefix: PREFIX })),
      dcutr: withQuietClosing(dcutr(), dependencies.clock),
      interfaces: trustInterfaces() as never,
      dht: kadDHT({
        protocol: DHT_PROTOCOL,
        clientMode: options.isDhtClient ?? false,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        validators: { skein: async (key, value) => await dependencies.validateRecord(key, value) },
        selectors: { skein: (key, records) => dependencies.selectRecord(key, records) },
        initialQuerySelfInterval: 500,
        querySelfInterval: 60_000,
      }),
      ...(options.webrtc ? { webrtcAddon: (await import("./webrtc.ts")).webrtcAddon } : {}),
      ...(options.relayServer === undefined ? {} : { relayServer: options.relayServer as never }),
    },
  }).catch((cause) => {
    throw netError(
      "net/listen-failed",
      `listen on ${options.listen.join(", ")}: refused, another process may have the port, choose another`,
      { listen: options.listen },
      cause,
    );
  });
  return host as unknown as Host;
}

// deno-lint-ignore no-explicit-any
async function transportsOf({ webrtc, relays = [] }: HostOptions): Promise<any[]> {
  const chosen = new Set(relays.map(relayPeerId));
  const met = new Set<string>();
  const circuit = circuitRelayTransport({
    discoveryFilter: {
      has: (peerId: PeerId) => met.has(peerId.toString()) || !chosen.has(peerId.toString()),
      add: (peerId: PeerId) => void met.add(peerId.toString()),
      remove: (peerId: PeerId) => void met.delete(peerId.toString()),
    } as never,
    // One for each relayed connection that comes in. Such a stream makes libp2p reserve a place at whoever opened it.
    maxInboundStopStreams: relays.length > 0 ? MAX_MEMBERS : 0,
  });
  const transports: unknown[] = [tcp(), webSockets(), withoutRandomWalk(circuit)];
  if (webrtc) {
    const { loadWebrtc } = await import("./webrtc.ts");
    transports.push(...await loadWebrtc(relays.flatMap((addr) => stunUrlOf(addr) ?? [])));
  }
  return transports;
}

// deno-lint-ignore no-explicit-any
async function discoveryOf({ mdnsTag }: HostOptions): Promise<any[]> {
  if (mdnsTag === undefined) return [];
  const { mdns } = await import("@libp2p/mdns");
  return [mdns({ serviceTag: mdnsTag })];
}
