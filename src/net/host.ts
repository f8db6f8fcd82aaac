/**
 * The libp2p host: TCP (and, asked for, WebRTC-direct), noise, yamux, identify, ping and a kad-dht of our own prefix.
 * What libp2p's defaults get wrong for us, and why it is set here: five new connections a second from one address
 * (a swarm on one machine, miners behind one NAT), no dialing of private addresses, pruning of busy connections.
 */
import "./deno_compat.ts";
import { createLibp2p, type Libp2p } from "libp2p";
import { tcp } from "@libp2p/tcp";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { netError } from "./errors.ts";

/** A paused stream may still receive the window it was granted: the read buffer must hold it. */
const MAX_STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_READ_BUFFER_BYTES = 2 * MAX_STREAM_WINDOW_BYTES;
const PREFIX = "skein";
export const DHT_PROTOCOL = "/skein/kad/1.0.0";

export type Host = Libp2p<{ dht: KadDHT }>;

export interface HostOptions {
  /** 32 bytes, Ed25519. */
  readonly identitySeed: Uint8Array;
  /** Multiaddrs, for instance /ip4/127.0.0.1/tcp/0. */
  readonly listen: readonly string[];
  readonly webrtc: boolean;
}

export interface HostDependencies {
  isRefused(peerId: string): boolean;
  /** Of DHT records under /skein/. Throwing refuses the record. */
  validateRecord(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** Index of the best of several valid records. */
  selectRecord(key: Uint8Array, records: Uint8Array[]): number;
}

/**
 * A started host.
 * @throws {SkeinError} `net/listen-failed`; `net/webrtc-unavailable` when asked for and its addon cannot be loaded
 */
export async function startHost(options: HostOptions, dependencies: HostDependencies): Promise<Host> {
  const privateKey = await generateKeyPairFromSeed("Ed25519", options.identitySeed);
  const transports = [tcp()];
  if (options.webrtc) {
    const { loadWebrtcDirect } = await import("./webrtc.ts");
    transports.push(await loadWebrtcDirect() as never);
  }
  const refuses = (peerId: { toString(): string }) => dependencies.isRefused(peerId.toString());
  const host = await createLibp2p({
    privateKey,
    addresses: { listen: [...options.listen] },
    transports,
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
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 200 },
    services: {
      identify: identify({ protocolPrefix: PREFIX }),
      ping: ping({ protocolPrefix: PREFIX }),
      dht: kadDHT({
        protocol: DHT_PROTOCOL,
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        validators: { skein: async (key, value) => await dependencies.validateRecord(key, value) },
        selectors: { skein: (key, records) => dependencies.selectRecord(key, records) },
        initialQuerySelfInterval: 500,
        querySelfInterval: 60_000,
      }),
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
