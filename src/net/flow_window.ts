/**
 * How much of what we send on a channel may be on its way. A kernel takes megabytes that a slow connection carries in
 * seconds, and what it has taken can neither be overtaken by what is urgent nor go by another connection. So the receiver
 * tells how far it has read, and the sender keeps within a window that the connection carries in a quarter to half a
 * second: more than any round trip, less than what anybody waits for.
 */
import { netError } from "./errors.ts";

const FIRST_WINDOW_BYTES = 2 * 1024 * 1024;
/** Two chunks. */
export const LEAST_WINDOW_BYTES = 256 * 1024;
const MOST_WINDOW_BYTES = 16 * 1024 * 1024;
const QUICK_MS = 250;
const SLOW_MS = 500;
/** A receipt is wanted so often in a window. */
const RECEIPTS_A_WINDOW = 4;

interface SentMessage {
  readonly bytes: number;
  readonly sentMs: number;
}

export class FlowWindow {
  readonly #unread: SentMessage[] = [];
  #unreadBytes = 0;
  #windowBytes = FIRST_WINDOW_BYTES;
  /** Sent since a receipt was asked for. */
  #unaskedBytes = 0;
  #sentCount = 0;
  #readCount = 0;
  /** The message that a receipt was last asked for with. */
  #askedCount = 0;
  #wasFull = false;

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** May another message be begun? If no receipt is to come, one may: it asks for one. */
  get hasRoom(): boolean {
    if (this.#unreadBytes < this.#windowBytes || !this.#isAwaited) return true;
    this.#wasFull = true;
    return false;
  }

  /** A message goes out. @returns whether a receipt is to be asked for with it */
  sent(bytes: number, nowMs: number): boolean {
    this.#unread.push({ bytes, sentMs: nowMs });
    this.#sentCount++;
    this.#unreadBytes += bytes;
    this.#unaskedBytes += bytes;
    const isWanted = !this.#isAwaited || this.#unaskedBytes >= this.#windowBytes / RECEIPTS_A_WINDOW;
    if (!isWanted) return false;
    this.#unaskedBytes = 0;
    this.#askedCount = this.#sentCount;
    return true;
  }

  /** The last one did not go out: it was refused before its first byte. */
  unsent(): void {
    const last = this.#unread.pop();
    if (last === undefined) return; // its receipt has come already: the peer makes them up
    const { bytes } = last;
    this.#unreadBytes -= bytes;
    this.#unaskedBytes = Math.max(0, this.#unaskedBytes - bytes);
    // Asked with it: then the next one asks.
    if (this.#askedCount === this.#sentCount) this.#askedCount = this.#readCount;
    this.#sentCount--;
  }

  /** The receiver has read so many messages, of all. @throws {SkeinError} `net/frame-malformed` on a number that cannot be */
  receipt(readCount: unknown, nowMs: number): void {
    const newly = typeof readCount === "number" ? readCount - this.#readCount : NaN;
    if (!Number.isSafeInteger(newly) || newly < 1 || newly > this.#unread.length) {
      throw netError(
        "net/frame-malformed",
        `read receipt: ${String(readCount).slice(0, 32)} messages, ${this.#readCount + 1} to ` +
          `${this.#readCount + this.#unread.length} can be`,
      );
    }
    this.#readCount += newly;
    const read = this.#unread.splice(0, newly);
    for (const { bytes } of read) this.#unreadBytes -= bytes;
    this.#adapt(nowMs - read[newly - 1].sentMs);
  }

  get #isAwaited(): boolean {
    return this.#askedCount > this.#readCount;
  }

  #adapt(tookMs: number): void {
    if (tookMs > SLOW_MS) this.#windowBytes = Math.max(LEAST_WINDOW_BYTES, this.#windowBytes / 2);
    else if (this.#wasFull && tookMs < QUICK_MS) {
      this.#windowBytes = Math.min(2 * this.#windowBytes, MOST_WINDOW_BYTES);
    }
    this.#wasFull = false;
  }
}
