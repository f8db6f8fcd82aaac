/**
 * How many chunks a member has under way to each reducer. What is under way beyond the path's own delay lies in queues: in the
 * network's, which drop what they cannot hold, and in the sender's own, where results wait behind contributions. So it
 * begins with what the link carries in a tenth of a second, and is doubled as long as the link, by the contributions that
 * results have come for and the results that were made, is far from full: a path of long delay. Where most paths lose packets
 * it begins with the most: over many connections some chunk is always late, for a second if it was lost twice, and
 * holds up all results of its reducer; and what is lost by chance fills no queues.
 */
const FIRST_MS = 100;
const WARM_UP_MS = 300;
const MEASURED_MS = 300;
/** Of the bandwidth: with more a link counts as full. */
const FULL_SHARE = 0.6;
const LEAST_CHUNKS = 2;

export interface SendWindowOptions {
  /** Our own, 0 = not known. */
  readonly bytesPerSec: number;
  /** Of a whole chunk, encoded. */
  readonly contributionBytes: number;
  readonly resultBytes: number;
  readonly reducerCount: number;
  readonly mostChunks: number;
  readonly isLossy?: boolean;
}

export class SendWindow {
  readonly #options: SendWindowOptions;
  #chunks: number;
  #sinceMs: number | undefined;
  #movedBytes = 0;

  constructor(options: SendWindowOptions) {
    this.#options = options;
    const { bytesPerSec, contributionBytes, reducerCount, mostChunks, isLossy } = options;
    const first = Math.ceil(bytesPerSec / 1000 * FIRST_MS / Math.max(1, reducerCount) / contributionBytes);
    this.#chunks = isLossy ? mostChunks : Math.min(mostChunks, Math.max(LEAST_CHUNKS, first));
  }

  get chunks(): number {
    return this.#chunks;
  }

  /** So many contributions and results of ours have gone out. @returns whether the window has grown */
  moved(count: { contributions: number; results: number }, nowMs: number): boolean {
    const { bytesPerSec, contributionBytes, resultBytes, mostChunks } = this.#options;
    // Connections begin slowly: what they carry at first says nothing.
    this.#sinceMs ??= nowMs + WARM_UP_MS;
    if (nowMs < this.#sinceMs) return false;
    this.#movedBytes += count.contributions * contributionBytes + count.results * resultBytes;
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < MEASURED_MS) return false;
    const isFull = this.#movedBytes >= FULL_SHARE * (bytesPerSec || Infinity) / 1000 * elapsedMs;
    this.#sinceMs = nowMs;
    this.#movedBytes = 0;
    if (isFull || this.#chunks >= mostChunks) return false;
    this.#chunks = Math.min(mostChunks, 2 * this.#chunks);
    return true;
  }
}
