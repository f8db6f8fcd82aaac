/**
 * Everything we hold towards one hotkey: its authenticated connections (two, when both sides dialed at once) and our
 * outbound lanes. A lane is one long-lived stream, so its frames arrive in order; `bulk` keeps bodies out of the way of
 * `control`. The first message of a type chooses the lane of that type for good: one type never overtakes itself.
 */
import type { Connection } from "@libp2p/interface";
import type { Hotkey, Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { FrameLimits } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import type { Hello } from "./hello.ts";

export const LANE_PROTOCOLS = { control: "/skein/control/1", bulk: "/skein/bulk/1" } as const;
export const REQUEST_PROTOCOL = "/skein/request/1";
/** Requests under way to one peer; the remote accepts twice as many streams. */
export const MAX_PARALLEL_REQUESTS = 32;

type Lane = keyof typeof LANE_PROTOCOLS;

export class PeerLink {
  readonly hotkey: Hotkey;
  hello: Hello;
  readonly #limits: FrameLimits;
  readonly #traffic: TrafficCounter;
  readonly #connections = new Set<Connection>();
  readonly #lanes = new Map<Lane, Promise<FrameStream>>();
  readonly #laneOfType = new Map<string, Lane>();
  #requestCount = 0;
  readonly #requestQueue: (() => void)[] = [];

  constructor(hello: Hello, limits: FrameLimits, traffic: TrafficCounter) {
    this.hotkey = hello.hotkey;
    this.hello = hello;
    this.#limits = limits;
    this.#traffic = traffic;
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
  }

  /** @returns true when that was the last one */
  remove(connection: Connection): boolean {
    return this.#connections.delete(connection) && this.#connections.size === 0;
  }

  /** @throws {SkeinError} `net/not-connected`, `net/link-lost`, `net/frame-oversized` */
  async send(message: Message, signal?: AbortSignal): Promise<void> {
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

  async #open(protocol: string, signal?: AbortSignal): Promise<FrameStream> {
    const connection = [...this.#connections].findLast((each) => each.status === "open");
    if (connection === undefined) {
      throw netError("net/not-connected", `reach ${this.hotkey}: no connection is open, wait until it is up`);
    }
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
