/**
 * Where an encoded result lies, from its first chunk until a newer one is committed: a node keeps it for members that fell
 * behind, and nobody reads it again otherwise. That need not be memory, which a large model's result would fill between
 * rounds; a node gives files (src/node/result_files.ts). Without any it is memory.
 */
import { assert } from "../base/assert.ts";

/** An encoded result by chunk, in element order. */
export interface EncodedChunks extends Iterable<Uint8Array> {
  readonly length: number;
  /** Of all that is there. */
  readonly byteLength: number;
  /**
   * @param into of at least the chunk's size: where it may be put
   * @returns the chunk, not to be written to; in `into`, elsewhere, or in a new array
   */
  read(chunk: number, into?: Uint8Array<ArrayBuffer>): Uint8Array;
}

export interface ResultRoom extends EncodedChunks {
  has(chunk: number): boolean;
  /**
   * Once for each chunk.
   * @returns whether `bytes` itself is kept, and must never change again
   * @throws {SkeinError} when the system refused
   */
  put(chunk: number, bytes: Uint8Array): boolean;
  /** Nobody reads it any more. */
  free(): void;
}

export interface ResultSpace {
  /**
   * @param mostBytes of each chunk
   * @throws {SkeinError} when the system refused
   */
  open(mostBytes: readonly number[]): ResultRoom;
}

export const memorySpace: ResultSpace = {
  open: (mostBytes) => new ChunksInMemory(new Array(mostBytes.length).fill(undefined)),
};

/** Whole or in parts; left to the collector. */
export class ChunksInMemory implements ResultRoom {
  readonly #chunks: (Uint8Array | undefined)[];

  constructor(chunks: readonly (Uint8Array | undefined)[]) {
    this.#chunks = [...chunks];
  }

  get length(): number {
    return this.#chunks.length;
  }

  get byteLength(): number {
    return this.#chunks.reduce((bytes, chunk) => bytes + (chunk?.byteLength ?? 0), 0);
  }

  has(chunk: number): boolean {
    return this.#chunks[chunk] !== undefined;
  }

  put(chunk: number, bytes: Uint8Array): boolean {
    assert(!this.has(chunk), "a chunk of a result is put in its place once");
    this.#chunks[chunk] = bytes;
    return true;
  }

  read(chunk: number): Uint8Array {
    assert(this.has(chunk), "a chunk that is read is there");
    return this.#chunks[chunk]!;
  }

  free(): void {}

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let chunk = 0; chunk < this.length; chunk++) yield this.read(chunk);
  }
}
