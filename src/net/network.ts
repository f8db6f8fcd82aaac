/** Puts the room together: host, gatekeeper, transport, records, redialing. The only file other rooms import, and `relay.ts`. */
import { type Host, startHost } from "./host.ts";
import type { Stream } from "@libp2p/interface";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { bestFirst, MAX_ADDR_CHARS, MAX_ADDRS, peerIdOf, relayPeerId } from "./addresses.ts";
import { signBinding } from "./binding.ts";
import { Bootstrap } from "./bootstrap.ts";
import { type DialDependencies, dialMember, dialMore, dialNamed } from "./dialing.ts";
import { getRecord, putRecord } from "./dht.ts";
import { DEFAULT_MAX_BODY_BYTES, MAX_HEADER_BYTES } from "./frame.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { type Hello, HELLO_PROTOCOL, PROTOCOL_VERSION } from "./hello.ts";
import { Infrastructure } from "./infrastructure.ts";
import { leaveRelay } from "./leave_relay.ts";
import { meetNeighbours, neighbourTag } from "./neighbours.ts";
import { Offences } from "./offences.ts";
import { MAX_PARALLEL_REQUESTS } from "./peer_link.ts";
import { LANE_PROTOCOLS, REQUEST_PROTOCOL } from "./protocols.ts";
import { RecordBook, type RecordKind, type SignedRecord } from "./record.ts";
import { RecordPublisher } from "./record_publisher.ts";
import { Redial } from "./redial.ts";
import { Libp2pTransport } from "./transport.ts";

/** WebRTC ignores that a stream is paused: what the sender has under way must have room. */
const WEBRTC_READ_BUFFER_BYTES = 64 * 1024 * 1024;

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
  /** Adds WebRTC, direct and between nodes behind a relay (native addon). Default off. */
  readonly webrtc?: boolean;
  /** Multiaddrs told to others besides those listened on: a forwarded port. */
  readonly announce?: readonly string[];
  /** Kept connected; others reach us through them. They end in /p2p/<peer id>. */
  readonly relays?: readonly string[];
  /** Ways into the network: relays, bootstrap nodes or members. One that answers is enough. */
  readonly bootstrap?: readonly string[];
  /** Ask the DHT but keep nothing for it: a node that cannot be dialed. */
  readonly isDhtClient?: boolean;
  /** Where bulk channels are accepted (bulk_channels.ts), beside `listen`. Default any free port; "off": none are. */
  readonly bulkPort?: number | "off";
  /** Find nodes of the same run in the local network. Default off. */
  readonly mdns?: boolean;
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
  /** Multiaddrs with /p2p/<peerId>, as others can dial them, the best first. They change as relays come and go. */
  readonly listenAddrs: readonly string[];
  /** @returns unsubscribe */
  onListenAddrs(handler: () => void): () => void;
  /**
   * Dials all relays and bootstrap addresses at once; resolves with the first that answers, undefined when there is none
   * to dial. Goes on trying, whatever comes out, whenever nobody is connected.
   * @throws {SkeinError} `net/bootstrap-unreachable` when none answers
   */
  join(): Promise<string | undefined>;
  /**
   * Connects and authenticates; resolves with who answered.
   * @throws {SkeinError} `net/dial-failed`, `net/timeout`, `net/no-hello`, or the refusal of either side
   */
  dial(addr: string): Promise<Hotkey>;
  /** Dials whoever of these is not connected, now and whenever it goes down; replaces the former set. */
  keepConnected(addrsByHotkey: ReadonlyMap<Hotkey, readonly string[]>): void;
  /**
   * Puts `payload` in the DHT under our hotkey, above every sequence seen of it, and renews it before it expires.
   * @returns how many peers stored it at once
   * @throws {SkeinError} `net/record-refused`, `net/timeout`
   */
  publish(kind: RecordKind, payload: Uint8Array, lifetimeMs?: number): Promise<number>;
  /** The newest record of that kind that can be found, or undefined. */
  lookup(hotkey: Hotkey, kind: RecordKind): Promise<SignedRecord | undefined>;
  /** Every peer that authenticated since the start. */
  peersSeen(): SeenPeer[];
  stop(): Promise<void>;
}

/** @throws {SkeinError} `net/listen-failed`, `net/bad-address`, `net/webrtc-unavailable` */
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
  const book = new RecordBook({ clock, verify, isRegistered });
  const { relays = [], bootstrap = [] } = options;
  const named = [...relays.map(relayPeerId), ...bootstrap.flatMap((addr) => peerIdOf(addr) ?? [])];
  const infrastructure = new Infrastructure(named, clock);
  const host = await startHost(
    {
      identitySeed: options.identitySeed,
      listen: options.listen,
      webrtc: options.webrtc ?? false,
      announce: options.announce,
      relays,
      isDhtClient: options.isDhtClient,
      mdnsTag: options.mdns ? neighbourTag(options.runId) : undefined,
    },
    {
      isRefused: (peerId) => offences.isCutOff(peerId),
      validateRecord: (key, value) => book.validate(key, value),
      selectRecord: (key, records) => book.select(key, records),
      clock,
    },
  );
  const gatekeeper = new Gatekeeper({
    clock,
    log,
    traffic,
    rules: {
      ...{ self: signer.hotkey, verify, isRegistered, isCutOff: (hotkey) => offences.isCutOff(hotkey) },
      ...{ runId: options.runId, runDescription: options.runDescription, netuid: options.netuid },
    },
    helloTimeoutMs: options.helloTimeoutMs ?? 10_000,
    infrastructure,
    ownHello: () => ownHello(host, options, dependencies),
    onKnown(connection, hello) {
      transport.addConnection(connection, hello);
      if (options.webrtc) leaveRelay(connection, hello, { host, gatekeeper, infrastructure, clock, log });
    },
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
    dialMore: (link, count) => dialMore(link, count, { host, gatekeeper, clock, log }),
  });
  await serve(host, gatekeeper, transport);
  listenForBulk(transport, options, log);
  if (options.mdns) meetNeighbours(host, clock);
  return assemble({ host, gatekeeper, infrastructure, clock }, transport, book, options, dependencies);
}

async function serve(host: Host, gatekeeper: Gatekeeper, transport: Libp2pTransport): Promise<void> {
  host.addEventListener("connection:open", (event) => gatekeeper.onConnection(event.detail));
  await host.handle(HELLO_PROTOCOL, (stream, connection) => gatekeeper.handleHello(stream, connection), {
    maxInboundStreams: 2,
  });
  for (const protocol of Object.values(LANE_PROTOCOLS)) {
    await host.handle(protocol, (stream, connection) => {
      if (connection.remoteAddr.toString().includes("/webrtc")) raiseReadBuffer(stream);
      return transport.serveLane(stream, connection);
    }, { maxInboundStreams: 4 });
  }
  await host.handle(REQUEST_PROTOCOL, (stream, connection) => transport.serveRequest(stream, connection), {
    maxInboundStreams: 2 * MAX_PARALLEL_REQUESTS,
  });
}

/** Without it bulk goes through libp2p, slower. */
function listenForBulk({ channels }: Libp2pTransport, { listen, bulkPort }: NetworkOptions, log: Log): void {
  if (bulkPort === "off") return;
  try {
    channels.listen(listen, bulkPort);
  } catch (error) {
    log.warn(`${describeError(error)}; transfers are slower without`);
  }
}

function raiseReadBuffer(stream: Stream): void {
  (stream as Stream & { maxReadBufferLength: number }).maxReadBufferLength = WEBRTC_READ_BUFFER_BYTES;
}

function assemble(
  dialing: DialDependencies,
  transport: Libp2pTransport,
  book: RecordBook,
  { relays = [], bootstrap: bootstrapAddrs = [], webrtc }: NetworkOptions,
  { clock, log, signer }: NetworkDependencies,
): Network {
  const { host } = dialing;
  const dial = (addr: string) => dialMember(addr, dialing);
  const redial = new Redial({ clock, dial, isConnected: (hotkey) => transport.connected().includes(hotkey) });
  const bootstrap = new Bootstrap({ relays, bootstrap: bootstrapAddrs }, {
    clock,
    log,
    join: (addr, signal) => dialNamed(addr, dialing, signal),
    isConnected: (peerId) => host.getConnections().some((each) => each.remotePeer.toString() === peerId),
    isAlone: () => host.getConnections().length === 0,
  });
  const dht = { host, book, clock };
  const records = new RecordPublisher({ clock, log, put: (statement) => putRecord(signer, statement, dht) });
  return {
    transport,
    peerId: host.peerId.toString(),
    get listenAddrs() {
      return addrsOf(host);
    },
    onListenAddrs(handler) {
      host.addEventListener("self:peer:update", handler);
      return () => host.removeEventListener("self:peer:update", handler);
    },
    join: () => bootstrap.start(),
    dial,
    keepConnected(addrsByHotkey) {
      const canDial = (addr: string) => webrtc || !addr.includes("/webrtc");
      redial.setTargets(new Map([...addrsByHotkey].map(([who, addrs]) => [who, addrs.filter(canDial)])));
    },
    publish: (kind, payload, lifetimeMs) => records.publish(kind, payload, lifetimeMs),
    lookup: (hotkey, kind) => getRecord(hotkey, kind, dht),
    peersSeen: () =>
      transport.links().map(({ hotkey, hello, isUp }) => (
        { hotkey, peerId: hello.binding.peerId, role: hello.role, listenAddrs: hello.listenAddrs, isUp }
      )),
    async stop() {
      records.stop();
      bootstrap.stop();
      redial.stop();
      transport.channels.stop();
      await host.stop();
    },
  };
}

const addrsOf = (host: Host): string[] => bestFirst(host.getMultiaddrs().map(String));

function ownHello(host: Host, options: NetworkOptions, { signer, clock }: NetworkDependencies): Hello {
  const { runId, runDescription, role, netuid, bindingLifetimeMs = 3_600_000 } = options;
  const notAfterMs = Math.floor(clock.nowMs() + bindingLifetimeMs);
  return {
    protocolVersion: PROTOCOL_VERSION,
    runId,
    runDescription: runDescription.slice(0, 512),
    hotkey: signer.hotkey,
    role,
    listenAddrs: addrsOf(host).filter((addr) => addr.length <= MAX_ADDR_CHARS).slice(0, MAX_ADDRS),
    binding: signBinding(signer, { peerId: host.peerId.toString(), netuid, notAfterMs }),
  };
}
