/**
 * When a chunk that is summed in order has been waited for too long. Time alone does not tell a late sender from a slow
 * link, on which everybody's chunks come late; the others do. Once most of those who are due have delivered, the rest
 * are given as long again as these took, several times over, and never less than the senders' deadline. While most are
 * missing nobody is late, unless nothing at all comes from anybody.
 */

export interface LatenessLimits {
  /** A sender is given so long at least. */
  readonly senderTimeoutMs: number;
  /** Those who wait for the sum give up after so long, while most sums come; or after so long in any case. */
  readonly reducerTimeoutMs: number;
  readonly longestWaitMs?: number;
}

const PATIENCE = 4;

export class Lateness {
  #sinceMs = 0;
  #arrivedMs = 0;
  /** When most had delivered. */
  #mostMs: number | undefined;

  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** The next chunk is waited for from now on. */
  restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#mostMs = undefined;
  }

  /** Somebody's chunk has come, this one or a later one. */
  arrived(nowMs: number): void {
    this.#arrivedMs = nowMs;
  }

  /** Of the chunk that is waited for so many have come, of so many that are due. */
  count(nowMs: number, deliveredCount: number, dueCount: number): void {
    if (2 * deliveredCount > dueCount) this.#mostMs ??= nowMs;
  }

  isOver(
    nowMs: number,
    { senderTimeoutMs, reducerTimeoutMs, longestWaitMs = reducerTimeoutMs }: LatenessLimits,
  ): boolean {
    // We have to give a sender up before the others give us up.
    const before = (timeoutMs: number) => (senderTimeoutMs + Math.max(senderTimeoutMs, timeoutMs)) / 2;
    if (this.#mostMs === undefined) {
      return nowMs - Math.max(this.#sinceMs, this.#arrivedMs) > before(longestWaitMs);
    }
    const patienceMs = Math.min(before(longestWaitMs), PATIENCE * (this.#mostMs - this.#sinceMs));
    return nowMs - this.#mostMs > Math.max(senderTimeoutMs, patienceMs);
  }
}
