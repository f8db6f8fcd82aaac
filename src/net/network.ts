/** Puts the room together: host, gatekeeper, transport, announcements, redialing. The only file other rooms import. */
import { type Host, startHost } from "./host.ts";
import type { Connection } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { type Announcement, AnnouncementBook, MAX_ANNOUNCEMENT_LIFETIME_MS } from "./announcement.ts";
import { signBinding } from "./binding.ts";
import { withDeadline } from "./deadline.ts";
import { announce, lookup } from "./dht.ts";
import { netError } from "./errors.ts";
import { DEFAULT_MAX_BODY_BYTES, MAX_HEADER_BYTES } from "./frame.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { type Hello, HELLO_PROTOCOL, PROTOCOL_VERSION } from "./hello.ts";
import { Offences } from "./offences.ts";
import { LANE_PROTOCOLS, MAX_PARALLEL_REQUESTS, type PeerLink, REQUEST_PROTOCOL } from "./peer_link.ts";
import { Redial } from "./redial.ts";
import { Libp2pTransport } from "./transport.ts";

const DIAL_TIMEOUT_MS = 10_000;
const DEFAULT_LIFETIME_MS = MAX_ANNOUNCEMENT_LIFETIME_MS / 2;

export interface NetworkOptions {
  /** 32 bytes, Ed25519: the node's libp2p identity. */
  readonly identitySeed: Uint8Array;
  /** Multiaddrs, for instance /ip4/127.0.0.1/tcp/0 or /ip4/0.0.0.0/tcp/4001. */
  readonly listen: readonly string[];
  /** Lower-case hex. */
  readonly runId: string;
  readonly runDescription: string;
  readonly role: string;
  readonly netuid: number;
  /** Of one frame, both ways. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Offences until a peer is cut off. Default 20. */
  readonly offenceLimit?: number;
  /** For how long. Default 10 minutes. */
  readonly cutOffMs?: number;
  /** For how long a binding that we hand out is good. Default 1 hour. */
  readonly bindingLifetimeMs?: number;
  /** Default 10 s. */
  readonly helloTimeoutMs?: number;
  /** Adds WebRTC-direct (native addon). Default off. */
  readonly webrtc?: boolean;
}

export interface NetworkDependencies {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  /** By the metagraph; `role` is absent when only a DHT record is at stake. */
  isRegistered(hotkey: Hotkey, role?: string): boolean | Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SeenPeer {
  readonly hotkey: Hotkey;
  readonly peerId: string;
  readonly role: string;
  readonly listenAddrs: readonly string[];
  readonly isUp: boolean;
}

export interface Network {
  readonly transport: Libp2pTransport;
  readonly peerId: string;
  /** Multiaddrs with /p2p/<peerId>, as others can dial them. */
  readonly listenAddrs: string[];
  /**
   * Connects and authenticates; resolves with who answered.
   * @throws {SkeinError} `net/dial-failed`, `net/timeout`, or the refusal of either side
   */
  dial(addr: string): Promise<Hotkey>;
  /** Dials whoever of these is not connected, now and whenever it goes down; replaces the former set. */
  keepConnected(addrsByHotkey: ReadonlyMap<Hotkey, readonly string[]>): void;
  /**
   * Publishes `payload` under our hotkey, above every sequence seen of it.
   * @returns how many peers stored it
   * @throws {SkeinError} `net/record-refused`, `net/timeout`
   */
  announce(payload: Uint8Array, lifetimeMs?: number): Promise<number>;
  /** The newest announcement that can be found, or undefined. */
  lookup(hotkey: Hotkey): Promise<Announcement | undefined>;
  /** Every peer that authenticated since the start. */
  peersSeen(): SeenPeer[];
  stop(): Promise<void>;
}

/** @throws {SkeinError} `net/listen-failed`, `net/webrtc-unavailable` */
export async function startNetwork(
  options: NetworkOptions,
  dependencies: NetworkDependencies,
): Promise<Network> {
  assert(options.identitySeed.length === 32, "identity seed must be 32 bytes");
  assert(/^[0-9a-f]+$/.test(options.runId), "run id must be lower-case hex");
  const { clock, log, signer, verify } = dependencies;
  const isRegistered = (hotkey: Hotkey, role?: string) => dependencies.isRegistered(hotkey, role);
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const offences = new Offences(
    { limit: options.offenceLimit ?? 20, cutOffMs: options.cutOffMs ?? 600_000 },
    clock,
  );
  const book = new AnnouncementBook({ clock, verify, isRegistered });
  const host = await startHost(
    { identitySeed: options.identitySeed, listen: options.listen, webrtc: options.webrtc ?? false },
    {
      isRefused: (peerId) => offences.isCutOff(peerId),
      validateRecord: (key, value) => book.validate(key, value),
      selectRecord: (key, records) => book.select(key, records),
    },
  );
  const gatekeeper = new Gatekeeper({
    clock,
    log,
    traffic,
    rules: {
      self: signer.hotkey,
      runId: options.runId,
      runDescription: options.runDescription,
      netuid: options.netuid,
      verify,
      isRegistered,
      isCutOff: (hotkey) => offences.isCutOff(hotkey),
    },
    helloTimeoutMs: options.helloTimeoutMs ?? 10_000,
    ownHello: () => ownHello(host, options, dependencies),
    onKnown: (connection, hello) => transport.addConnection(connection, hello),
    onOffence: (peerId, code) => void offences.count(peerId, code),
  });
  const transport = new Libp2pTransport({
    self: signer.hotkey,
    limits: {
      maxHeaderBytes: MAX_HEADER_BYTES,
      maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    },
    clock,
    log,
    traffic,
    offences,
    known: (connection) => gatekeeper.known(connection),
    dialMore: (link, count) => dialMore(link, count, host, gatekeeper, log),
  });
  await serve(host, gatekeeper, transport);
  return assemble(host, gatekeeper, transport, book, dependencies);
}

async function serve(host: Host, gatekeeper: Gatekeeper, transport: Libp2pTransport): Promise<void> {
  host.addEventListener("connection:open", (event) => gatekeeper.onConnection(event.detail));
  await host.handle(HELLO_PROTOCOL, (stream, connection) => gatekeeper.handleHello(stream, connection), {
    maxInboundStreams: 2,
  });
  for (const protocol of Object.values(LANE_PROTOCOLS)) {
    await host.handle(protocol, (stream, connection) => transport.serveLane(stream, connection), {
      maxInboundStreams: 4,
    });
  }
  await host.handle(REQUEST_PROTOCOL, (stream, connection) => transport.serveRequest(stream, connection), {
    maxInboundStreams: 2 * MAX_PARALLEL_REQUESTS,
  });
}

function assemble(
  host: Host,
  gatekeeper: Gatekeeper,
  transport: Libp2pTransport,
  book: AnnouncementBook,
  { clock, signer }: NetworkDependencies,
): Network {
  const dial = (addr: string) => dialAddress(addr, host, gatekeeper, clock);
  const redial = new Redial({ clock, dial, isConnected: (hotkey) => transport.connected().includes(hotkey) });
  const dht = { host, book, clock };
  return {
    transport,
    peerId: host.peerId.toString(),
    listenAddrs: host.getMultiaddrs().map(String),
    dial,
    keepConnected: (addrsByHotkey) => redial.setTargets(addrsByHotkey),
    announce: (payload, lifetimeMs = DEFAULT_LIFETIME_MS) => announce(signer, payload, lifetimeMs, dht),
    lookup: (hotkey) => lookup(hotkey, dht),
    peersSeen: () =>
      transport.links().map(({ hotkey, hello, isUp }) => (
        { hotkey, peerId: hello.binding.peerId, role: hello.role, listenAddrs: hello.listenAddrs, isUp }
      )),
    async stop() {
      redial.stop();
      await host.stop();
    },
  };
}

/** Where we reached the peer before, or where it says it listens. */
async function dialMore(
  { connections, hello }: PeerLink,
  count: number,
  host: Host,
  gatekeeper: Gatekeeper,
  log: Log,
): Promise<void> {
  const known = connections.find(({ direction }) => direction === "outbound")?.remoteAddr.toString();
  const addrs = (known === undefined ? hello.listenAddrs : [known]).map((addr) => multiaddr(addr));
  const dials = Array.from({ length: count }, async () => {
    const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
    await gatekeeper.greet(await host.dial(addrs, { force: true, signal }));
  });
  for (const { status, reason } of await Promise.allSettled(dials) as PromiseRejectedResult[]) {
    if (status === "rejected") {
      log.debug(`dial ${hello.hotkey} once more: it failed`, { error: String(reason) });
    }
  }
}

async function dialAddress(addr: string, host: Host, gatekeeper: Gatekeeper, clock: Clock): Promise<Hotkey> {
  return await withDeadline(clock, { what: `dial ${addr}`, timeoutMs: DIAL_TIMEOUT_MS }, async (signal) => {
    let connection: Connection;
    try {
      connection = await host.dial(multiaddr(addr), { signal });
    } catch (cause) {
      throw netError("net/dial-failed", `dial ${addr}: no connection, check that the peer runs there`, {
        addr,
      }, cause);
    }
    const isOurs = connection.direction === "outbound";
    return (isOurs ? await gatekeeper.greet(connection) : await gatekeeper.known(connection)).hotkey;
  });
}

function ownHello(host: Host, options: NetworkOptions, { signer, clock }: NetworkDependencies): Hello {
  const { runId, runDescription, role, netuid, bindingLifetimeMs = 3_600_000 } = options;
  const notAfterMs = Math.floor(clock.nowMs() + bindingLifetimeMs);
  return {
    protocolVersion: PROTOCOL_VERSION,
    runId,
    runDescription: runDescription.slice(0, 512),
    hotkey: signer.hotkey,
    role,
    listenAddrs: host.getMultiaddrs().map(String).slice(0, 32),
    binding: signBinding(signer, { peerId: host.peerId.toString(), netuid, notAfterMs }),
  };
}
