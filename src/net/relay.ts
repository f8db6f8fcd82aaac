/**
 * A relay and bootstrap node: carries connections between nodes that cannot reach each other, answers DHT queries, and tells
 * nodes whether they can be dialed (AutoNAT) and from which address they are seen (STUN). It is no member: it has no hotkey and speaks none of our protocols, and
 * what it carries is encrypted end to end. It cannot know who is registered, so it keeps any record whose signature is
 * its hotkey's; readers check the rest.
 *
 * Relayed connections have no limit of time or bytes, because a limit cuts them and loses what was under way; what is
 * limited is their number. libp2p joins the two streams without holding the sender back, so a slow receiver would
 * make the relay keep everything: `pace` pauses the sender's stream while too much is under way.
 */
import { circuitRelayServer } from "@libp2p/circuit-relay-v2";
import type { PeerId, Stream } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { VerifySignature } from "../base/transport.ts";
import { startHost } from "./host.ts";
import { RecordBook } from "./record.ts";
import { serveStun } from "./stun_server.ts";

const RESERVATION_TTL_MS = 3_600_000;
/** Under way in the relay, per direction of a relayed connection; the muxer's window comes on top. */
const HIGH_WATER_BYTES = 1 << 20;
const LOW_WATER_BYTES = 256 << 10;

export interface RelayOptions {
  /** 32 bytes, Ed25519: nodes name the relay by it. */
  readonly identitySeed: Uint8Array;
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly announce?: readonly string[];
  readonly webrtc?: boolean;
  /** Nodes that can be reached through us at once. */
  readonly maxReservations: number;
  /** Relayed connections of one node at once, each way. */
  readonly maxCircuitsPerPeer: number;
}

export interface Relay {
  readonly peerId: string;
  /** Multiaddrs with /p2p/<peerId>: what others pass to --relay or --bootstrap. */
  readonly listenAddrs: readonly string[];
  counts(): { connections: number; reservations: number };
  stop(): Promise<void>;
}

/** What we use of libp2p's server beyond its interface. */
interface RelayServer {
  reservations: Map<PeerId, unknown> & { delete(peerId: PeerId): void };
  handleConnect(request: { stream: { unwrap(): Stream } }, options: object): Promise<void>;
  stopHop(request: object, options: object): Promise<Stream | undefined>;
}

/** libp2p's listeners: the addresses of this machine at which they are bound. */
interface Listening {
  getAddrs(): { toString(): string }[];
}

/** @throws {SkeinError} `net/listen-failed`, `net/webrtc-unavailable` */
export async function startRelay(
  options: RelayOptions,
  dependencies: { verify: VerifySignature; clock: Clock; log: Log },
): Promise<Relay> {
  const { maxReservations, maxCircuitsPerPeer } = options;
  const { clock, verify, log } = dependencies;
  const book = new RecordBook({ clock, verify, isRegistered: () => true });
  let server!: RelayServer;
  let listening!: Listening;
  const create = circuitRelayServer({
    maxInboundHopStreams: maxCircuitsPerPeer,
    maxOutboundStopStreams: maxCircuitsPerPeer,
    reservations: { maxReservations, reservationTtl: RESERVATION_TTL_MS, applyDefaultLimit: false },
  });
  const host = await startHost({
    identitySeed: options.identitySeed,
    listen: options.listen,
    announce: options.announce,
    webrtc: options.webrtc ?? false,
    // Those who reach a node through us need not have a place themselves.
    maxConnections: 4 * maxReservations,
    relayServer: (components: never) => {
      listening = (components as { transportManager: Listening }).transportManager;
      server = create(components) as unknown as RelayServer;
      paceCircuits(server);
      return server;
    },
  }, {
    isRefused: () => false,
    validateRecord: (key, value) => book.validate(key, value),
    selectRecord: (key, records) => book.select(key, records),
    clock,
  });
  host.addEventListener("peer:connect", ({ detail }) => log.debug(`connected: ${detail}`));
  // A place belongs to a connection: who comes back reserves again, who does not leaves room.
  host.addEventListener("peer:disconnect", ({ detail }) => server.reservations.delete(detail));
  // Those announced besides may be a router's: not ours to bind.
  const stopStun = await serveStun(listening.getAddrs().map(String), log);
  return {
    peerId: host.peerId.toString(),
    listenAddrs: host.getMultiaddrs().map(String),
    counts: () => ({ connections: host.getConnections().length, reservations: server.reservations.size }),
    async stop() {
      stopStun();
      await host.stop();
    },
  };
}

/** One call's options object names its two streams to each other. */
function paceCircuits(server: RelayServer): void {
  const { handleConnect, stopHop } = server;
  const destinations = new WeakMap<object, Stream>();
  server.stopHop = async (request, options) => {
    const destination = await stopHop.call(server, request, options);
    if (destination !== undefined) destinations.set(options, destination);
    return destination;
  };
  server.handleConnect = async (request, options) => {
    const unwrap = request.stream.unwrap;
    // Called when both ends have agreed, right before the streams are joined.
    request.stream.unwrap = () => {
      const source = unwrap.call(request.stream);
      const destination = destinations.get(options);
      if (destination !== undefined) {
        pace(source, destination);
        pace(destination, source);
      }
      return source;
    };
    await handleConnect.call(server, request, options);
  };
}

/** Holds `from` back while more than `HIGH_WATER_BYTES` that it brought have not been taken by `to`. */
export function pace(from: Stream, to: Stream): void {
  let waitingBytes = 0;
  const send = to.send.bind(to);
  to.send = (data) => {
    const isTaken = send(data);
    waitingBytes = Math.max(0, waitingBytes - data.byteLength); // the first may have come before we counted
    if (waitingBytes <= LOW_WATER_BYTES && from.readStatus === "paused") from.resume();
    return isTaken;
  };
  from.addEventListener("message", ({ data }) => {
    waitingBytes += data.byteLength;
    if (waitingBytes > HIGH_WATER_BYTES && from.readStatus === "readable") from.pause();
  });
}
