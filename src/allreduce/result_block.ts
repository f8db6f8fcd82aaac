/**
 * Room for a whole encoded result in one piece: thousands of small arrays a round would keep the collector busy. Each chunk's
 * place is given away once, because what has been received and checked there must never change again: whoever sends
 * a chunk a second time, or began and has not ended, finds its place taken and is read elsewhere.
 */
import type { Codec } from "../codec/codec.ts";
import type { SpanPlan } from "./span_plan.ts";

export class ResultBlock {
  readonly #plan: SpanPlan;
  readonly #codec: Codec;
  readonly #taken = new Set<number>();
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Where each chunk begins, and where the last one ends. */
  #offsets: number[] = [];

  /** @param codec of results */
  constructor(plan: SpanPlan, codec: Codec) {
    this.#plan = plan;
    this.#codec = codec;
  }

  /** @returns undefined when `bodyBytes` is not what the chunk encodes to, or its place is taken */
  place(chunk: number, bodyBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const planned = this.#plan.chunks[chunk];
    if (planned === undefined || this.#taken.has(chunk)) return undefined;
    if (bodyBytes !== this.#codec.encodedBytes(planned.elements)) return undefined;
    this.#taken.add(chunk);
    const bytes = this.#bytes ??= this.#allocate();
    return bytes.subarray(this.#offsets[chunk], this.#offsets[chunk + 1]);
  }

  #allocate(): Uint8Array<ArrayBuffer> {
    let end = 0;
    this.#offsets = [0];
    for (const { elements } of this.#plan.chunks) {
      this.#offsets.push(end += this.#codec.encodedBytes(elements));
    }
    return new Uint8Array(end);
  }
}
