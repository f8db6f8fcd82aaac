/**
 * Unordered messages to one peer, spread over all connections to it: whichever is free takes the next frame. One TCP
 * connection over a long or lossy path carries a fraction of the link (CUBIC at 50 ms and 1 % loss: a third of a megabyte
 * a second), several carry several times that.
 *
 * While frames wait and a connection carries little, more connections are asked for, twice as many each time, as long as
 * each doubling pays.
 */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { FrameStream } from "./frame_stream.ts";
import { SendQueue, type Turn } from "./send_queue.ts";

export const MAX_STRIPES = 12;
/** Rates are judged over so long a backlog. */
const JUDGED_MS = 400;
/** A connection that carries this is not what limits us. */
const ENOUGH_BYTES_PER_SEC = 1_500_000;
/** A doubling that brings less is the last for a while. */
const WORTHWHILE_GAIN = 1.2;
const RETRY_MS = 30_000;

export interface StripeDependencies {
  readonly clock: Clock;
  /** Open, authenticated connections to the peer. */
  connections(): readonly Connection[];
  /** A bulk lane on this connection. */
  open(connection: Connection): Promise<FrameStream>;
  /** Dials the peer `count` times more; resolves when that is done or has failed. */
  dialMore(count: number): Promise<void>;
}

export class Stripes {
  readonly #deps: StripeDependencies;
  readonly #queue = new SendQueue();
  readonly #busy = new Set<Connection>();
  readonly #lanes = new WeakMap<Connection, FrameStream>();
  #judgement: { sinceMs: number; bytes: number } | undefined;
  #lastGrowth: { atMs: number; bytesPerSec: number } | undefined;
  #isGrowing = false;

  constructor(dependencies: StripeDependencies) {
    this.#deps = dependencies;
  }

  /** @throws {SkeinError} `net/link-lost`, `net/frame-oversized`, `net/queue-full`; the signal's reason */
  send(message: Message, signal?: AbortSignal): Promise<void> {
    const sent = this.#queue.push(message, signal);
    this.#pump();
    return sent;
  }

  /** A connection came or went. */
  connectionsChanged(): void {
    if (this.#deps.connections().length > 0) return this.#pump();
    this.#queue.rejectAll(netError("net/link-lost", "send to peer: it went down, send again when it is up"));
  }

  #pump(): void {
    for (const connection of this.#deps.connections()) {
      if (this.#queue.length === 0) {
        this.#judgement = undefined;
        return;
      }
      if (!this.#busy.has(connection)) void this.#work(connection);
    }
    if (this.#queue.length > 0) this.#judgement ??= { sinceMs: this.#deps.clock.monotonicMs(), bytes: 0 };
  }

  async #work(connection: Connection): Promise<void> {
    this.#busy.add(connection);
    try {
      for (let turn = this.#queue.take(); turn !== undefined; turn = this.#queue.take()) {
        if (!await this.#sendOn(connection, turn)) break;
      }
    } finally {
      this.#busy.delete(connection);
      if (this.#queue.length === 0) this.#judgement = undefined;
    }
  }

  /** @returns whether this connection is still good */
  async #sendOn(connection: Connection, turn: Turn): Promise<boolean> {
    try {
      let frames = this.#lanes.get(connection);
      if (!frames?.isOpen) this.#lanes.set(connection, frames = await this.#deps.open(connection));
      if (turn.isOver) return true;
      this.#judge(await turn.sendOn(frames));
      turn.resolve();
      return true;
    } catch (error) {
      const isConnectionGone = isSkeinError(error) && error.code === "net/link-lost" &&
        connection.status !== "open" && this.#deps.connections().some((other) => other !== connection);
      if (!isConnectionGone) {
        turn.reject(error);
        return connection.status === "open";
      }
      // Another connection takes the frame; should it arrive twice, the receiver has asked for it once.
      this.#queue.putBack(turn);
      queueMicrotask(() => this.#pump());
      return false;
    }
  }

  #judge(bytes: number): void {
    const judgement = this.#judgement;
    if (judgement === undefined || this.#isGrowing) return;
    judgement.bytes += bytes;
    const nowMs = this.#deps.clock.monotonicMs();
    const elapsedMs = nowMs - judgement.sinceMs;
    if (elapsedMs < JUDGED_MS) return;
    this.#judgement = { sinceMs: nowMs, bytes: 0 };
    const bytesPerSec = judgement.bytes / elapsedMs * 1000;
    const count = this.#deps.connections().length;
    if (count >= MAX_STRIPES || bytesPerSec / count >= ENOUGH_BYTES_PER_SEC) return;
    const last = this.#lastGrowth;
    const paid = last === undefined || bytesPerSec >= WORTHWHILE_GAIN * last.bytesPerSec ||
      nowMs - last.atMs >= RETRY_MS;
    if (!paid) return;
    this.#lastGrowth = { atMs: nowMs, bytesPerSec };
    this.#isGrowing = true;
    const done = () => {
      this.#isGrowing = false;
      this.#judgement = undefined;
      this.#pump();
    };
    this.#deps.dialMore(Math.min(count, MAX_STRIPES - count)).then(done, done);
  }
}
