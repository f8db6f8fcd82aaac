/**
 * Unordered messages to one peer, spread over all paths to it (libp2p connections, or bulk channels): whichever is free
 * takes the next frame. One TCP connection over a long or lossy path carries a fraction of the link (CUBIC at 50 ms and 1 %
 * loss: a third of a megabyte a second), several carry several times that.
 *
 * While frames wait, stripe_growth.ts says when more connections are dialed, and whether they are kept.
 */
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { Frames } from "./frame_stream.ts";
import { SendQueue, type Turn } from "./send_queue.ts";
import { STALLED_MS } from "./stall.ts";
import { MAX_STRIPES, StripeGrowth } from "./stripe_growth.ts";

export interface Path {
  readonly status: string;
  readonly direction: "inbound" | "outbound";
}

type Lane = Pick<Frames, "isOpen" | "write">;

export interface StripeDependencies<P extends Path> {
  readonly clock: Clock;
  /** Open, authenticated connections to the peer, without those given back. */
  connections(): readonly P[];
  /** Resolves when a message may be begun on it; undefined when one may now. Until then it takes none. */
  room(connection: P): Promise<void> | undefined;
  /** A bulk lane on this connection. */
  open(connection: P): Promise<Lane>;
  /** Dials the peer `count` times more; resolves when that is done or has failed. */
  dialMore(count: number): Promise<void>;
  /** The connection is not worth having: closes it when nothing moves on it. */
  giveBack(connection: P): void;
}

export class Stripes<P extends Path> {
  readonly #deps: StripeDependencies<P>;
  readonly #queue = new SendQueue();
  readonly #busy = new Set<P>();
  readonly #lanes = new WeakMap<P, Lane>();
  readonly #growth = new StripeGrowth();
  /** What the last doubling added. */
  #added: readonly P[] = [];
  /** When the last frame went out, or the first was asked for. */
  #movedMs = 0;
  #isBacklog = false;
  #isDialing = false;

  constructor(dependencies: StripeDependencies<P>) {
    this.#deps = dependencies;
  }

  /** @throws {SkeinError} `net/link-lost`, `net/frame-oversized`, `net/queue-full`; the signal's reason */
  send(message: Message, signal?: AbortSignal): Promise<void> {
    if (this.#busy.size === 0) this.#movedMs = this.#deps.clock.monotonicMs();
    const sent = this.#queue.push(message, signal);
    this.#pump();
    return sent;
  }

  /** A connection came or went. */
  connectionsChanged(): void {
    const count = this.#deps.connections().length;
    this.#growth.restart(count);
    if (count > 0) return this.#pump();
    this.#queue.rejectAll(netError("net/link-lost", "send to peer: it went down, send again when it is up"));
  }

  #pump(): void {
    const connections = this.#deps.connections();
    for (const connection of connections) if (!this.#busy.has(connection)) void this.#work(connection);
    const isBacklog = this.#queue.length > 0;
    if (isBacklog && !this.#isBacklog) this.#growth.restart(connections.length);
    this.#isBacklog = isBacklog;
  }

  async #work(connection: P): Promise<void> {
    this.#busy.add(connection);
    while (this.#queue.length > 0 && this.#deps.connections().includes(connection)) {
      const room = this.#deps.room(connection);
      if (room !== undefined) {
        await room;
        continue;
      }
      const turn = this.#queue.take()!;
      if (this.#queue.length === 0) this.#isBacklog = false;
      if (!await this.#sendOn(connection, turn)) break;
    }
    this.#busy.delete(connection);
  }

  /** @returns whether this connection is still good */
  async #sendOn(connection: P, turn: Turn): Promise<boolean> {
    try {
      let frames = this.#lanes.get(connection);
      if (!frames?.isOpen) this.#lanes.set(connection, frames = await this.#deps.open(connection));
      if (turn.isOver) return true;
      if (!frames.isOpen) throw netError("net/link-lost", "send to peer: the path was given up, send again");
      const bytes = await turn.sendOn(frames);
      this.#movedMs = this.#deps.clock.monotonicMs();
      this.#grow(bytes);
      turn.resolve();
      return true;
    } catch (error) {
      const isConnectionGone = isSkeinError(error, "net/link-lost") && connection.status !== "open";
      if (isConnectionGone && this.#deps.connections().some((other) => other !== connection)) {
        this.#sendElsewhere(turn, error);
        return false;
      }
      turn.reject(error);
      return connection.status === "open";
    }
  }

  /** Another connection takes the frame; should it arrive twice, the receiver has asked for it once. */
  #sendElsewhere(turn: Turn, error: unknown): void {
    // Unless the peer takes nothing on any: else, by dialing us anew, it had us keep everything for ever.
    if (this.#deps.clock.monotonicMs() - this.#movedMs >= STALLED_MS) {
      turn.reject(error);
      return this.#queue.rejectAll(error);
    }
    this.#queue.putBack(turn);
    queueMicrotask(() => this.#pump());
  }

  #grow(bytes: number): void {
    if (!this.#isBacklog || this.#isDialing) return;
    const connections = this.#deps.connections();
    const nowMs = this.#deps.clock.monotonicMs();
    const advice = this.#growth.sent(bytes, connections.length, nowMs);
    if (advice === "double") void this.#double(new Set(connections));
    else if (advice === "give back") {
      for (const connection of this.#added) this.#deps.giveBack(connection);
      this.#growth.restart(this.#deps.connections().length);
    }
  }

  async #double(before: ReadonlySet<P>): Promise<void> {
    this.#isDialing = true;
    // What fails is not there; that is all that matters here.
    await this.#deps.dialMore(Math.min(before.size, MAX_STRIPES - before.size)).catch(() => {});
    this.#isDialing = false;
    const now = this.#deps.connections();
    this.#added = now.filter((each) => each.direction === "outbound" && !before.has(each));
    if (this.#added.length === 0) this.#growth.failed(this.#deps.clock.monotonicMs());
    this.#growth.restart(now.length);
    this.#pump();
  }
}
