/**
 * Buffers of contributions, to be used again: a round moves more of them than memory should see, and the collector is slow to
 * notice that they are free.
 */
export class ChunkBuffers {
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  /** What is ours to take back: a transport in memory hands over the sender's own bytes. */
  readonly #lent = new WeakSet<Uint8Array>();
  readonly #maxFreeBytes: number;
  #freeBytes = 0;

  constructor(maxFreeBytes: number) {
    this.#maxFreeBytes = maxFreeBytes;
  }

  /** Of exactly so many bytes, with anything in them. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer !== undefined) this.#freeBytes -= bytes;
    const taken = buffer ?? new Uint8Array(bytes);
    this.#lent.add(taken);
    return taken;
  }

  /** The caller is done with it; so is everybody to whom it showed it. What did not come from here is left alone. */
  give(buffer: Uint8Array): void {
    const { length } = buffer;
    if (!this.#lent.delete(buffer)) return;
    const free = this.#free.get(length) ?? [];
    if (this.#freeBytes + length > this.#maxFreeBytes) {
      // Other sizes make room: perhaps nobody asks for them any more.
      this.#free.clear();
      this.#freeBytes = free.length * length;
    }
    this.#free.set(length, free);
    if (this.#freeBytes + length > this.#maxFreeBytes) return;
    this.#freeBytes += length;
    free.push(buffer as Uint8Array<ArrayBuffer>);
  }
}
