/**
 * Messages that wait for their turn with one peer. Each is a reference: its body is read once, when its turn has come,
 * because reading may make it. Urgent ones go first; within each class the order is that of the calls.
 *
 * A message whose signal aborts leaves at once, as long as no byte of it is on the way; a frame that has begun is finished,
 * because half a frame cannot be taken back and its bytes are not the caller's again before it ends. Only references wait,
 * so their number is bounded, not their bytes: a peer that takes nothing costs us no more than that.
 */
import type { Message } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { Frames } from "./frame_stream.ts";

/** A kilobyte each at most, header and promise. A round never comes near: results of one member's span, to one peer. */
export const MAX_QUEUED = 16_384;

/** A message whose turn has come. */
export class Turn {
  readonly #message: Message;
  readonly #signal?: AbortSignal;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #leave: () => void;
  readonly #onAbort = () => {
    if (this.#isBegun) return;
    this.#leave();
    this.reject(this.#signal!.reason);
  };
  #body: { bytes: Uint8Array | undefined } | undefined;
  #isBegun = false;
  #isOver = false;
  /** On how many connections it is being sent, and whether one of them has taken all of it. */
  #senders = 0;
  #isSent = false;
  #isCopied = false;

  constructor(
    message: Message,
    signal: AbortSignal | undefined,
    settle: { resolve(): void; reject(error: unknown): void; leave(turn: Turn): void },
  ) {
    this.#message = message;
    this.#signal = signal;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    this.#leave = () => settle.leave(this);
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Only what may overtake can be in a hurry. */
  get isUrgent(): boolean {
    return (this.#message.isUnordered && this.#message.isUrgent) ?? false;
  }

  /** It was aborted, or told an error. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** May a second connection begin it, too? */
  get mayBeCopied(): boolean {
    return !this.#isCopied && !this.#isOver;
  }

  copied(): void {
    this.#isCopied = true;
  }

  /**
   * @returns how many bytes of body went out
   * @throws {SkeinError} `net/link-lost`, `net/frame-oversized`; or what making the body throws
   */
  async sendOn(frames: Pick<Frames, "write">): Promise<number> {
    const { type, header } = this.#message;
    this.#body ??= { bytes: this.#message.body };
    this.#isBegun = true;
    this.#senders++;
    try {
      await frames.write("message", { type, header }, this.#body.bytes);
      this.#isSent = true;
    } finally {
      this.#senders--;
    }
    return this.#body.bytes?.length ?? 0;
  }

  /** What one connection did not take, another has taken or is taking. */
  get isElsewhere(): boolean {
    return this.#isSent || this.#senders > 0;
  }

  /** Back in the queue, to be sent once more: now it may be aborted again. */
  again(): void {
    this.#isBegun = false;
    if (this.#signal?.aborted) this.#onAbort();
  }

  /** Unless another connection still has it: the bytes are the caller's again once it is told. */
  resolve(): void {
    if (this.#senders > 0) return;
    this.#end();
    this.#resolve();
  }

  reject(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

export class SendQueue {
  #urgent = new Set<Turn>();
  #ordinary = new Set<Turn>();

  get length(): number {
    return this.#urgent.size + this.#ordinary.size;
  }

  /**
   * Resolves when the link has taken the message.
   * @throws {SkeinError} `net/queue-full`; the signal's reason; what whoever takes the turn rejects it with
   */
  push(message: Message, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.length >= MAX_QUEUED) {
      return Promise.reject(netError(
        "net/queue-full",
        `send ${message.type}: ${this.length} messages wait for the peer, fewer than ${MAX_QUEUED} are required, ` +
          `wait until it has taken some`,
      ));
    }
    return new Promise((resolve, reject) => {
      const leave = (turn: Turn) => void (this.#urgent.delete(turn) || this.#ordinary.delete(turn));
      const turn = new Turn(message, signal, { resolve, reject, leave });
      (turn.isUrgent ? this.#urgent : this.#ordinary).add(turn);
    });
  }

  /** The next one; it is in the queue no more. */
  take(): Turn | undefined {
    for (const turns of [this.#urgent, this.#ordinary]) {
      for (const turn of turns) {
        turns.delete(turn);
        return turn;
      }
    }
    return undefined;
  }

  /** First in its class: it was taken, and is to be sent once more. */
  putBack(turn: Turn): void {
    if (turn.isUrgent) this.#urgent = new Set([turn, ...this.#urgent]);
    else this.#ordinary = new Set([turn, ...this.#ordinary]);
    turn.again();
  }

  /** Empties it. */
  rejectAll(error: unknown): void {
    for (let turn = this.take(); turn !== undefined; turn = this.take()) turn.reject(error);
  }
}
