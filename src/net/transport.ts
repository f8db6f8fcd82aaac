/**
 * `Transport` over libp2p. Streams of peers that have not authenticated are dropped before a byte of them is read. A
 * frame that breaks the rules costs its stream (the rest of it cannot be trusted) and counts an offence; the connection
 * and the other lanes survive until the offences reach the limit.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, PlaceBody, Transport } from "../base/transport.ts";
import type { BulkChannel } from "./bulk_channel.ts";
import { BulkChannels } from "./bulk_channels.ts";
import { CHANNEL_REQUEST } from "./channel_offer.ts";
import { ExtraConnections } from "./connection_limits.ts";
import { withDeadline } from "./deadline.ts";
import { Dispatch, type MessageHandler, messageOf, type RequestHandler } from "./dispatch.ts";
import { netError } from "./errors.ts";
import type { FrameLimits } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import { type Gatekeeper, refusalError } from "./gatekeeper.ts";
import type { Hello } from "./hello.ts";
import type { Offences } from "./offences.ts";
import { PeerLink } from "./peer_link.ts";
import { hangUpWhenStalled } from "./stall.ts";
import { StreamBytes } from "./stream_bytes.ts";

export interface TransportDependencies {
  readonly self: Hotkey;
  readonly limits: FrameLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: TrafficCounter;
  readonly offences: Offences;
  known(connection: Connection): ReturnType<Gatekeeper["known"]>;
  dialMore(link: PeerLink, count: number): Promise<void>;
}

type PeerHandler = (peer: Hotkey, isUp: boolean) => void;

export class Libp2pTransport implements Transport {
  readonly self: Hotkey;
  readonly #deps: TransportDependencies;
  readonly #links = new Map<Hotkey, PeerLink>();
  readonly #dispatch: Dispatch;
  readonly #peerHandlers = new Set<PeerHandler>();
  readonly #extras: ExtraConnections;
  readonly channels: BulkChannels;

  constructor(dependencies: TransportDependencies) {
    this.self = dependencies.self;
    this.#deps = dependencies;
    const penalise = (peer: Hotkey, code: string) => this.penalise(peer, code);
    this.#dispatch = new Dispatch({ log: dependencies.log, penalise });
    this.#extras = new ExtraConnections(() => this.#links.values(), () => this.channels.hungCount);
    this.channels = new BulkChannels({
      ...dependencies,
      link: (hotkey) => this.#links.get(hotkey),
      admits: (link) => link.isUp && this.#extras.admitsChannel(link),
      request: (to, message, timeoutMs) => this.request(to, message, { maxBodyBytes: 0, timeoutMs }),
      serve: (link, channel) => this.#serveChannel(link, channel),
    });
    this.onRequest(CHANNEL_REQUEST, async (from) => this.channels.offer(from));
  }

  connected(): Hotkey[] {
    return [...this.#links.values()].filter((link) => link.isUp).map((link) => link.hotkey);
  }

  /** Of every peer that was ever up: its last hello, and whether it is up now. */
  links(): readonly PeerLink[] {
    return [...this.#links.values()];
  }

  async send(to: Hotkey, message: Message, signal?: AbortSignal): Promise<void> {
    await this.#link(to).send(message, signal);
  }

  onMessage(type: string, handler: MessageHandler, place?: PlaceBody): () => void {
    return this.#dispatch.onMessage(type, handler, place);
  }

  onPeer(handler: PeerHandler): () => void {
    this.#peerHandlers.add(handler);
    return () => this.#peerHandlers.delete(handler);
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    return this.#dispatch.onRequest(type, handler);
  }

  async request(
    to: Hotkey,
    message: Message,
    options: { maxBodyBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Message> {
    const link = this.#link(to);
    const deadline = { what: `ask ${to} for ${message.type}`, ...options };
    return await withDeadline(
      this.#deps.clock,
      deadline,
      (signal) => this.#ask(link, message, options, signal),
    );
  }

  isLossy(peer: Hotkey): boolean {
    return this.#links.get(peer)?.isLossy ?? false;
  }

  traffic(): { sentBytes: number; receivedBytes: number } {
    return { ...this.#deps.traffic };
  }

  penalise(peer: Hotkey, code: string): void {
    this.#deps.log.emit({ event: "offence", peer, code });
    if (!this.#deps.offences.count(peer, code)) return;
    this.#deps.log.emit({ event: "peer-cut-off", peer, code });
    const link = this.#links.get(peer);
    for (const channel of link?.channels ?? []) channel.abort();
    for (const connection of link?.connections ?? []) {
      this.#deps.offences.cutOff(connection.remotePeer.toString());
      connection.abort(new Error("cut off for its offences"));
    }
  }

  offences(): Record<Hotkey, Record<string, number>> {
    return this.#deps.offences.all();
  }

  /**
   * The gatekeeper let `connection` in. Announces the peer when it is its first.
   * @throws {SkeinError} `net/too-many-connections`
   */
  addConnection(connection: Connection, hello: Hello): void {
    const { dialMore } = this.#deps;
    const link = this.#links.get(hello.hotkey) ?? new PeerLink(hello, {
      ...this.#deps,
      dialMore: (link, count) => this.#extras.grant(count, (granted) => dialMore(link, granted)),
      wantChannel: (link) => this.channels.want(link),
      dialChannels: (link, count) =>
        this.#extras.grant(count, (granted) => this.channels.dial(link, granted)),
    });
    this.#extras.admit(connection, link);
    const wasUp = link.isUp;
    this.#links.set(hello.hotkey, link);
    link.add(connection, hello);
    connection.addEventListener("close", () => {
      if (link.remove(connection)) this.#tell(link.hotkey, false);
    });
    if (wasUp) return;
    this.channels.cameUp(link);
    this.#tell(link.hotkey, true);
  }

  /** Handler of both lanes. */
  async serveLane(stream: Stream, connection: Connection): Promise<void> {
    const from = await this.#authenticated(stream, connection);
    if (from === undefined) return;
    const frames = new FrameStream(new StreamBytes(stream), this.#deps.limits, this.#deps.traffic);
    await this.#dispatch.serveMessages(from, frames);
    await frames.close();
  }

  async #serveChannel(link: PeerLink, channel: BulkChannel): Promise<void> {
    channel.onRetired(() => link.channelRetired());
    link.addChannel(channel);
    await this.#dispatch.serveMessages(link.hotkey, channel.frames);
    await channel.retire();
    channel.abort();
    link.removeChannel(channel);
  }

  /** Handler of the request protocol: one request, one answer or error, on a stream of its own. */
  async serveRequest(stream: Stream, connection: Connection): Promise<void> {
    const from = await this.#authenticated(stream, connection);
    if (from === undefined) return;
    const { limits, traffic } = this.#deps;
    const frames = new FrameStream(
      new StreamBytes(stream),
      limits,
      traffic,
      hangUpWhenStalled(connection, from, this.#deps),
    );
    await this.#dispatch.serveRequest(from, frames);
  }

  async #ask(link: PeerLink, message: Message, options: { maxBodyBytes: number }, signal: AbortSignal) {
    const { frames, release } = await link.openRequest(signal);
    try {
      await frames.write("request", { type: message.type, header: message.header }, message.body);
      const limits = { ...this.#deps.limits, maxBodyBytes: options.maxBodyBytes };
      const frame = await frames.read({ signal, limits });
      if (frame === null) {
        throw netError(
          "net/link-lost",
          `ask ${link.hotkey} for ${message.type}: it hung up without an answer, ask again`,
        );
      }
      if (frame.kind === "error") throw refusalError(frame.header);
      const answer = messageOf(frame, "answer");
      await frames.close();
      return answer;
    } catch (error) {
      if (signal.aborted) frames.abort("request abandoned");
      else if (!(error instanceof SkeinError) || !error.payload.isRemote) {
        this.#dispatch.drop(link.hotkey, frames, error);
      } else await frames.close();
      throw error;
    } finally {
      release();
    }
  }

  /** The hotkey of a known peer. Of others nothing is read: the stream is dropped and the offence counted. */
  async #authenticated(stream: Stream, connection: Connection): Promise<Hotkey | undefined> {
    try {
      return (await this.#deps.known(connection)).hotkey;
    } catch (error) {
      stream.abort(error as Error);
      const peerId = connection.remotePeer.toString();
      this.#deps.log.emit({ event: "offence", peer: peerId, code: "net/unauthenticated" });
      if (this.#deps.offences.count(peerId, "net/unauthenticated")) connection.abort(new Error("cut off"));
      return undefined;
    }
  }

  #link(hotkey: Hotkey): PeerLink {
    const link = this.#links.get(hotkey);
    if (link?.isUp) return link;
    throw netError("net/not-connected", `reach ${hotkey}: it is not connected, wait until it is up`);
  }

  #tell(peer: Hotkey, isUp: boolean): void {
    this.#deps.log.emit({ event: isUp ? "peer-up" : "peer-down", peer });
    for (const handler of [...this.#peerHandlers]) handler(peer, isUp);
  }
}
