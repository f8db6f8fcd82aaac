/** A planted bug (see plants.ts): a buffer is used again while what it holds is still needed. */
export class ChunkBuffers {
  readonly #last = new Map<number, Uint8Array<ArrayBuffer>>();

  take(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#last.get(bytes) ?? new Uint8Array(bytes);
    this.#last.set(bytes, buffer);
    return buffer;
  }

  give(): void {}
}
