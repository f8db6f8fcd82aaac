/**
 * Unordered messages to one peer, spread over all paths to it (libp2p connections, or bulk channels): whichever is free
 * takes the next frame. One TCP connection over a long or lossy path carries a fraction of the link (CUBIC at 50 ms and 1 %
 * loss: a third of a megabyte a second), several carry several times that.
 *
 * stripe_growth.ts says when more connections are dialed, and whether they are kept. When no frame waits any more, a connection
 * that is free takes a copy of one that another has not got rid of: everybody waits for the last frames, and a
 * connection that lost the same packet twice keeps them for a second. While others wait one is copied only when it takes
 * several times as long as most. Receivers pass over what they have.
 */
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { Frames } from "./frame_stream.ts";
import { SendQueue, type Turn } from "./send_queue.ts";
import { STALLED_MS } from "./stall.ts";
import { StripeGrowth } from "./stripe_growth.ts";

export interface Path {
  readonly status: string;
  readonly direction: "inbound" | "outbound";
}

/** A frame that takes longer is copied when no other waits. */
const LATE_MS = 150;
/** One that takes so long, and so many times as long as most, is copied before others begin: results behind it wait for it. */
const LEAST_STUCK_MS = 400;
const STUCK_FRAMES = 3;
/** Of the average of what frames take, the last one's share. */
const LAST_SHARE = 1 / 16;

type Lane = Pick<Frames, "isOpen" | "write">;

export interface StripeDependencies<P extends Path> {
  readonly clock: Clock;
  /** Open, authenticated connections to the peer, without those given back. */
  connections(): readonly P[];
  /** Resolves when a message may be begun on it; undefined when one may now. Until then it takes none. */
  room(connection: P): Promise<void> | undefined;
  /** Sent on it and not read by the peer yet, as far as it is known. */
  unreadBytes(connection: P): number;
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
  /** Since when each has had this frame to carry, or waits for room. */
  readonly #busy = new Map<P, number>();
  /** What each is writing. */
  readonly #sending = new Map<P, Turn>();
  #isWatching = false;
  readonly #lanes = new WeakMap<P, Lane>();
  readonly #growth = new StripeGrowth();
  /** What the last try added. */
  #added: readonly P[] = [];
  /** When the last frame went out, or the first was asked for. */
  #movedMs = 0;
  #isDialing = false;
  /** What a frame took, on average of the last ones. */
  #frameMs = 0;

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

  /** As `StripeGrowth.worthwhileCount`. */
  get worthwhileCount(): number {
    return this.#growth.worthwhileCount;
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
    for (const connection of this.#free(connections)) void this.#work(connection);
    if (this.#queue.length === 0 || this.#isDialing) return;
    const missing = this.#growth.missing(connections.length, this.#deps.clock.monotonicMs());
    if (missing > 0) void this.#add(missing, new Set(connections));
  }

  /** What lies in sockets cannot go by another connection any more: those that have least begin. */
  #free(connections: readonly P[]): P[] {
    const free = connections.filter((each) => !this.#busy.has(each));
    if (free.length > 1) free.sort((a, b) => this.#deps.unreadBytes(a) - this.#deps.unreadBytes(b));
    return free;
  }

  /** No frame waits, and some are on their way: looks after them for as long as that is so. */
  #watchLate(): void {
    if (this.#isWatching || this.#sending.size === 0 || this.#deps.connections().length < 2) return;
    this.#isWatching = true;
    this.#deps.clock.after(LATE_MS / 2, () => {
      this.#isWatching = false;
      if (this.#queue.length > 0) return; // the last of them looks after the others
      for (const connection of this.#free(this.#deps.connections())) {
        if (this.#deps.room(connection) !== undefined) continue;
        const late = this.#takeLate(LATE_MS);
        if (late === undefined) break;
        void this.#work(connection, late);
      }
      this.#watchLate();
    });
  }

  /** The frame that has been written for longest, if for so long and not copied yet. */
  #takeLate(lateMs: number): Turn | undefined {
    let beforeMs = this.#deps.clock.monotonicMs() - lateMs;
    let late: Turn | undefined;
    for (const [connection, turn] of this.#sending) {
      const sinceMs = this.#busy.get(connection)!;
      if (sinceMs > beforeMs || !turn.mayBeCopied) continue;
      beforeMs = sinceMs;
      late = turn;
    }
    late?.copied();
    return late;
  }

  /** @param late a frame to begin with that another connection has, too */
  async #work(connection: P, late?: Turn): Promise<void> {
    this.#busy.set(connection, this.#deps.clock.monotonicMs());
    if (late !== undefined) await this.#sendOn(connection, late);
    const stuckMs = () => Math.max(LEAST_STUCK_MS, STUCK_FRAMES * this.#frameMs);
    while (this.#queue.length > 0 && this.#deps.connections().includes(connection)) {
      const room = this.#deps.room(connection);
      if (room !== undefined) {
        await room;
        continue;
      }
      const turn = this.#takeLate(stuckMs()) ?? this.#queue.take()!;
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
      this.#sending.set(connection, turn);
      if (this.#queue.length === 0) this.#watchLate();
      const bytes = await turn.sendOn(frames);
      this.#movedMs = this.#deps.clock.monotonicMs();
      const busyMs = this.#movedMs - this.#busy.get(connection)!;
      this.#busy.set(connection, this.#movedMs);
      this.#frameMs += LAST_SHARE * (busyMs - this.#frameMs);
      this.#grow(bytes, busyMs);
      turn.resolve();
      return true;
    } catch (error) {
      if (turn.isElsewhere) {
        turn.resolve();
        return connection.status === "open";
      }
      const isConnectionGone = isSkeinError(error, "net/link-lost") && connection.status !== "open";
      if (isConnectionGone && this.#deps.connections().some((other) => other !== connection)) {
        this.#sendElsewhere(turn, error);
        return false;
      }
      turn.reject(error);
      return connection.status === "open";
    } finally {
      this.#sending.delete(connection);
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

  #grow(bytes: number, busyMs: number): void {
    if (this.#isDialing) return;
    const connections = this.#deps.connections();
    const advice = this.#growth.sent(
      { bytes, busyMs, isBacklog: this.#queue.length > 0 },
      connections.length,
      this.#movedMs,
    );
    if (advice === undefined) return;
    if (advice !== "give back") return void this.#add(advice.add, new Set(connections));
    for (const connection of this.#added) this.#deps.giveBack(connection);
    this.#growth.restart(this.#deps.connections().length);
  }

  async #add(count: number, before: ReadonlySet<P>): Promise<void> {
    this.#isDialing = true;
    // What fails is not there; that is all that matters here.
    await this.#deps.dialMore(count).catch(() => {});
    this.#isDialing = false;
    const now = this.#deps.connections();
    this.#added = now.filter((each) => each.direction === "outbound" && !before.has(each));
    if (this.#added.length === 0) this.#growth.failed(this.#deps.clock.monotonicMs());
    this.#growth.restart(now.length);
    this.#pump();
  }
}
