/**
 * Everything we hold towards one hotkey: its authenticated connections (two, when both sides dialed at once) and our
 * outbound lanes. A lane is one long-lived stream, so its frames arrive in order; `bulk` keeps bodies out of the way of
 * `control`. The first message of a type chooses the lane of that type for good: one type never overtakes itself.
 * Messages that may are spread over all connections (stripes.ts).
 */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import type { Hotkey, Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { FrameLimits } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import type { Hello } from "./hello.ts";
import { Stripes } from "./stripes.ts";

export const LANE_PROTOCOLS = { control: "/skein/control/1", bulk: "/skein/bulk/1" } as const;
export const REQUEST_PROTOCOL = "/skein/request/1";
/** Requests under way to one peer; the remote accepts twice as many streams. */
export const MAX_PARALLEL_REQUESTS = 32;

type Lane = keyof typeof LANE_PROTOCOLS;

export interface PeerLinkDependencies {
  readonly limits: FrameLimits;
  readonly traffic: TrafficCounter;
  readonly clock: Clock;
  /** Opens `count` more connections to the peer; what fails is not there, and no error. */
  dialMore(link: PeerLink, count: number): Promise<void>;
}

export class PeerLink {
  readonly hotkey: Hotkey;
  hello: Hello;
  readonly #limits: FrameLimits;
  readonly #traffic: TrafficCounter;
  readonly #connections = new Set<Connection>();
  readonly #lanes = new Map<Lane, Promise<FrameStream>>();
  readonly #laneOfType = new Map<string, Lane>();
  readonly #stripes: Stripes;
  #requestCount = 0;
  readonly #requestQueue: (() => void)[] = [];

  constructor(hello: Hello, { limits, traffic, clock, dialMore }: PeerLinkDependencies) {
    this.hotkey = hello.hotkey;
    this.hello = hello;
    this.#limits = limits;
    this.#traffic = traffic;
    this.#stripes = new Stripes({
      clock,
      connections: () => this.#usable,
      open: (connection) => this.#openOn(connection, LANE_PROTOCOLS.bulk),
      dialMore: (count) => dialMore(this, count),
    });
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

  /** @returns true when that was the last one */
  remove(connection: Connection): boolean {
    const isLast = this.#connections.delete(connection) && this.#connections.size === 0;
    this.#stripes.connectionsChanged();
    return isLast;
  }

  /** @throws {SkeinError} `net/not-connected`, `net/link-lost`, `net/frame-oversized` */
  async send(message: Message, signal?: AbortSignal): Promise<void> {
    if (message.isUnordered) return await this.#stripes.send(message, signal);
    const hasBody = message.body !== undefined && message.body.length > 0;
    const lane = this.#laneOfType.get(message.type) ?? (hasBody ? "bulk" : "control");
    this.#laneOfType.set(message.type, lane);
    const frames = await this.#openLane(lane);
    signal?.throwIfAborted();
    await frames.write("message", { type: message.type, header: message.header }, message.body, signal);
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

  /** Calls that come while the lane is being opened wait for the same stream, and keep their order. */
  async #openLane(lane: Lane): Promise<FrameStream> {
    const before = this.#lanes.get(lane);
    if (before !== undefined) {
      const frames = await before.catch(() => undefined);
      if (frames?.isOpen) return frames;
      if (this.#lanes.get(lane) !== before) return this.#openLane(lane);
    }
    const opening = this.#open(LANE_PROTOCOLS[lane]);
    this.#lanes.set(lane, opening);
    opening.catch(() => {});
    return await opening;
  }

  get #usable(): Connection[] {
    return [...this.#connections].filter((each) => each.status === "open");
  }

  async #open(protocol: string, signal?: AbortSignal): Promise<FrameStream> {
    const connection = this.#usable.at(-1);
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
      return new FrameStream(stream, this.#limits, this.#traffic);
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
