/**
 * Everything we hold towards one hotkey: its authenticated connections (two, when both sides dialed at once) and our
 * outbound lanes. A lane is one long-lived stream, so its frames arrive in order; `bulk` keeps bodies out of the way of
 * `control`. The first message of a type chooses the lane of that type for good: one type never overtakes itself.
 * Messages that may are spread over all bulk channels (bulk_channels.ts), or over all connections while there are none.
 */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message } from "../base/transport.ts";
import { isRelayed, isThroughRelay } from "./addresses.ts";
import type { BulkChannel } from "./bulk_channel.ts";
import { closeWhenQuiet } from "./close_when_quiet.ts";
import { netError } from "./errors.ts";
import type { FrameLimits } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import type { Hello } from "./hello.ts";
import { OrderedLane } from "./ordered_lane.ts";
import { LANE_PROTOCOLS, REQUEST_PROTOCOL } from "./protocols.ts";
import { hangUpWhenStalled } from "./stall.ts";
import { StreamBytes } from "./stream_bytes.ts";
import { Stripes } from "./stripes.ts";

/** Requests under way to one peer; the remote accepts twice as many streams. */
export const MAX_PARALLEL_REQUESTS = 32;

type Lane = keyof typeof LANE_PROTOCOLS;

export interface PeerLinkDependencies {
  readonly limits: FrameLimits;
  readonly traffic: TrafficCounter;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens `count` more connections to the peer; what fails is not there, and no error. */
  dialMore(link: PeerLink, count: number): Promise<void>;
  /** Bulk is waiting for the peer, and there is no channel that we opened. @returns while it should wait */
  wantChannel?(link: PeerLink): Promise<void> | undefined;
  dialChannels?(link: PeerLink, count: number): Promise<void>;
}

export class PeerLink {
  readonly hotkey: Hotkey;
  hello: Hello;
  readonly #deps: PeerLinkDependencies;
  readonly #connections = new Set<Connection>();
  readonly #givenBack = new WeakSet<Connection>();
  readonly #lanes: Record<Lane, OrderedLane>;
  readonly #laneOfType = new Map<string, Lane>();
  readonly #stripes: Stripes<Connection | BulkChannel>;
  readonly #channels = new Set<BulkChannel>();
  #requestCount = 0;
  readonly #requestQueue: (() => void)[] = [];

  constructor(hello: Hello, dependencies: PeerLinkDependencies) {
    this.hotkey = hello.hotkey;
    this.hello = hello;
    this.#deps = dependencies;
    this.#lanes = {
      control: new OrderedLane(() => this.#open(LANE_PROTOCOLS.control)),
      bulk: new OrderedLane(() => this.#open(LANE_PROTOCOLS.bulk)),
    };
    this.#stripes = new Stripes<Connection | BulkChannel>({
      clock: dependencies.clock,
      connections: () => {
        const channels = this.#openChannels;
        return channels.length > 0 ? channels : this.#usable;
      },
      room: (path) => "frames" in path ? path.frames.room() : undefined,
      unreadBytes: (path) => "frames" in path ? path.frames.unreadBytes : 0,
      open: async (path) => "frames" in path ? path.frames : await this.#openOn(path, LANE_PROTOCOLS.bulk),
      dialMore: (count) =>
        this.#openChannels.length > 0
          ? dependencies.dialChannels!(this, count)
          : dependencies.dialMore(this, count),
      giveBack: (path) => {
        if ("frames" in path) return void path.retire();
        this.#givenBack.add(path);
        closeWhenQuiet(path, dependencies.clock);
      },
    });
  }

  /** As in `Transport`. */
  get isLossy(): boolean {
    return this.#stripes.worthwhileCount > 1;
  }

  get isUp(): boolean {
    return this.#connections.size > 0;
  }

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  add(connection: Connection, hello: Hello): void {
    this.#connections.add(connection);
    this.hello = hello;
    this.#stripes.connectionsChanged();
  }

  /** @returns true when that was the last one: channels end with it */
  remove(connection: Connection): boolean {
    const isLast = this.#connections.delete(connection) && this.#connections.size === 0;
    if (isLast) { for (const channel of this.#channels) channel.abort(); }
    this.#stripes.connectionsChanged();
    return isLast;
  }

  /** All that hold a socket. */
  get channels(): readonly BulkChannel[] {
    return [...this.#channels];
  }

  addChannel(channel: BulkChannel): void {
    this.#channels.add(channel);
    this.#stripes.connectionsChanged();
  }

  /** Nothing more is sent on one of them. */
  channelRetired(): void {
    this.#stripes.connectionsChanged();
  }

  /** It has ended. */
  removeChannel(channel: BulkChannel): void {
    this.#channels.delete(channel);
  }

  /** Where direct connections to the peer lead, the oldest's first. */
  get directAddrs(): string[] {
    return this.#usable.map(({ remoteAddr }) => remoteAddr.toString()).filter((addr) =>
      !isThroughRelay(addr)
    );
  }

  /** @throws {SkeinError} `net/not-connected`, `net/link-lost`, `net/frame-oversized`, `net/queue-full`; the signal's reason */
  async send(message: Message, signal?: AbortSignal): Promise<void> {
    if (message.isUnordered) {
      if (!this.#hasOwnChannel) await this.#deps.wantChannel?.(this);
      if (!this.isUp) {
        throw netError("net/not-connected", `reach ${this.hotkey}: it went down, wait until it is up`);
      }
      return await this.#stripes.send(message, signal);
    }
    const lane = this.#laneOfType.get(message.type) ?? (hasBody(message) ? "bulk" : "control");
    this.#laneOfType.set(message.type, lane);
    await this.#lanes[lane].send(message, signal);
  }

  /** A stream for one request, within the limit of parallel ones; `release` must be called. */
  async openRequest(signal: AbortSignal): Promise<{ frames: FrameStream; release: () => void }> {
    while (this.#requestCount >= MAX_PARALLEL_REQUESTS) {
      await new Promise<void>((resolve) => this.#requestQueue.push(resolve));
      if (signal.aborted) this.#requestQueue.shift()?.();
      signal.throwIfAborted();
    }
    this.#requestCount++;
    const release = () => {
      this.#requestCount--;
      this.#requestQueue.shift()?.();
    };
    try {
      return { frames: await this.#open(REQUEST_PROTOCOL, signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  get #hasOwnChannel(): boolean {
    for (const { status, direction } of this.#channels) {
      if (status === "open" && direction === "outbound") return true;
    }
    return false;
  }

  /** Our own; the peer's while we have none. What comes the other way on one delays its receipts. */
  get #openChannels(): BulkChannel[] {
    const hasOwn = this.#hasOwnChannel;
    const open: BulkChannel[] = [];
    for (const channel of this.#channels) {
      if (channel.status === "open" && (!hasOwn || channel.direction === "outbound")) open.push(channel);
    }
    return open;
  }

  /** Open ones; those that we gave back only if there are no others. */
  get #usable(): Connection[] {
    const open = [...this.#connections].filter((each) => each.status === "open");
    const kept = open.filter((each) => !this.#givenBack.has(each));
    return kept.length > 0 ? kept : open;
  }

  async #open(protocol: string, signal?: AbortSignal): Promise<FrameStream> {
    // A direct one rather than a relayed one, and the oldest of those, because the others may be given back.
    const usable = this.#usable;
    const connection = usable.find(({ remoteAddr }) => !isRelayed(remoteAddr.toString())) ?? usable[0];
    if (connection === undefined) {
      throw netError("net/not-connected", `reach ${this.hotkey}: no connection is open, wait until it is up`);
    }
    return await this.#openOn(connection, protocol, signal);
  }

  async #openOn(connection: Connection, protocol: string, signal?: AbortSignal): Promise<FrameStream> {
    try {
      const stream = await connection.newStream(protocol, {
        signal,
        maxOutboundStreams: 4 * MAX_PARALLEL_REQUESTS,
      });
      const { limits, traffic } = this.#deps;
      const stall = hangUpWhenStalled(connection, this.hotkey, this.#deps);
      return new FrameStream(new StreamBytes(stream), limits, traffic, stall);
    } catch (cause) {
      signal?.throwIfAborted();
      throw netError(
        "net/link-lost",
        `reach ${this.hotkey}: no stream could be opened, send again`,
        {},
        cause,
      );
    }
  }
}

/** Without reading it: that may make it, and its turn has not come. */
function hasBody(message: Message): boolean {
  const body = Object.getOwnPropertyDescriptor(message, "body");
  return body?.get !== undefined || body?.value?.length > 0;
}
