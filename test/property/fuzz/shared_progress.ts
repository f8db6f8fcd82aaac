/**
 * The input that a worker is at, in memory that outlives it: beats i32, number i32, length i32, bytes. A beat is a step
 * forward, whether to another input or in making one shorter. One writer, one reader.
 */
import { MAX_INPUT_BYTES } from "./mutate_bytes.ts";

const HEAD_BYTES = 12;

export class SharedProgress {
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared: SharedArrayBuffer) {
    this.#head = new Int32Array(shared, 0, 3);
    this.#bytes = new Uint8Array(shared, HEAD_BYTES);
  }

  /** Nothing begun yet. */
  static create(): SharedArrayBuffer {
    const shared = new SharedArrayBuffer(HEAD_BYTES + MAX_INPUT_BYTES);
    new Int32Array(shared, 0, 3)[1] = -1;
    return shared;
  }

  begin(index: number, input: Uint8Array): void {
    this.#bytes.set(input);
    Atomics.store(this.#head, 2, input.length);
    Atomics.store(this.#head, 1, index);
    Atomics.add(this.#head, 0, 1);
  }

  get beats(): number {
    return Atomics.load(this.#head, 0);
  }

  /** −1 before the first. */
  get index(): number {
    return Atomics.load(this.#head, 1);
  }

  get input(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#head, 2));
  }
}
