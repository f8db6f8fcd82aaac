/**
 * What goes into the sums of one attempt: the members' encoded chunks, checked, until they are summed, and our own, encoded
 * each time they are needed. A buffer that is spent goes back to where it came from; nobody may read it after that.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Codec, WeightedChunk } from "../codec/codec.ts";
import type { ChunkBuffers } from "./chunk_buffers.ts";
import type { Proposal } from "./proposal.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface ContributionsDeps {
  readonly self: Hotkey;
  readonly codec: Codec;
  readonly buffers: ChunkBuffers;
}

export class Contributions {
  readonly #proposal: Proposal;
  readonly #plan: SpanPlan;
  readonly #values: Float32Array;
  readonly #deps: ContributionsDeps;
  /** By chunk, then by sender. */
  readonly #held = new Map<number, Map<Hotkey, Uint8Array>>();

  /** @param values our own, of the whole plan */
  constructor(proposal: Proposal, plan: SpanPlan, values: Float32Array, deps: ContributionsDeps) {
    this.#proposal = proposal;
    this.#plan = plan;
    this.#values = values;
    this.#deps = deps;
  }

  has(from: Hotkey, chunk: number): boolean {
    return this.#held.get(chunk)?.has(from) ?? false;
  }

  /**
   * Where one may be received, or a chunk of another codec; what is refused then, or spent, is given back.
   * @returns undefined when `bodyBytes` is not what the chunk encodes to: odd sizes are not kept to be used again
   */
  place(chunk: number, bodyBytes: number, codec = this.#deps.codec): Uint8Array<ArrayBuffer> | undefined {
    const planned = this.#plan.chunks[chunk];
    if (planned === undefined || bodyBytes !== codec.encodedBytes(planned.elements)) return undefined;
    return this.#deps.buffers.take(bodyBytes);
  }

  /** Takes the buffer over. */
  keep(from: Hotkey, chunk: number, body: Uint8Array): void {
    const bySender = this.#held.get(chunk) ?? new Map<Hotkey, Uint8Array>();
    this.#held.set(chunk, bySender);
    bySender.set(from, body);
  }

  /** Leaves out what this sender handed in. A sum under way may still read it, so it is not used again. */
  forget(from: Hotkey, chunks: readonly number[]): void {
    for (const chunk of chunks) this.#held.get(chunk)?.delete(from);
  }

  clear(): void {
    this.#held.clear();
  }

  /** @throws {SkeinError} as `Codec.encode` */
  encodeOwn(chunk: number): Uint8Array<ArrayBuffer> {
    const { startElement, elements } = this.#plan.chunks[chunk];
    const { codec, buffers } = this.#deps;
    const values = this.#values.subarray(startElement, startElement + elements);
    const buffer = buffers.take(codec.encodedBytes(elements));
    const encoded = codec.encode(values, buffer);
    if (encoded !== buffer) buffers.give(buffer);
    return encoded;
  }

  /** What is summed, our own encoded now. All of `senders` have handed theirs in. */
  inputs(chunk: number, senders: readonly number[]): Map<Hotkey, WeightedChunk> {
    const bySender = this.#held.get(chunk);
    return new Map(senders.map((sender) => {
      const { hotkey, samples } = this.#proposal.members[sender];
      const encoded = hotkey === this.#deps.self ? this.encodeOwn(chunk) : bySender!.get(hotkey)!;
      return [hotkey, { encoded, weight: samples }];
    }));
  }

  /** They have been summed. */
  spent(chunk: number, inputs: ReadonlyMap<Hotkey, WeightedChunk>): void {
    this.#held.delete(chunk);
    for (const { encoded } of inputs.values()) this.#deps.buffers.give(encoded);
  }
}
