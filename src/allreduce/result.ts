/** Results at hand, by digest, kept for members that have to pull them. */
import { assert } from "../base/assert.ts";
import type { Codec } from "../codec/codec.ts";
import { planOf, type Proposal } from "./proposal.ts";
import type { EncodedChunks, ResultRoom } from "./result_space.ts";

export interface StoredResult {
  readonly outerStep: number;
  readonly origin: Proposal;
  readonly resultDigest: string;
  /** Hex, 64 digits a chunk. */
  readonly chunkDigests: string;
  /** Freed when the store lets go of the result. */
  readonly chunks: ResultRoom;
}

export class ResultStore {
  #results = new Map<string, StoredResult>();

  /** In place of what was held by this digest. */
  put(result: StoredResult): void {
    const held = this.#results.get(result.resultDigest);
    if (held !== undefined && held.chunks !== result.chunks) held.chunks.free();
    this.#results.set(result.resultDigest, result);
  }

  delete(resultDigest: string): void {
    this.#results.get(resultDigest)?.chunks.free();
    this.#results.delete(resultDigest);
  }

  get(resultDigest: string): StoredResult | undefined {
    return this.#results.get(resultDigest);
  }

  /** Forgets what steps before `outerStep` left, and of that step all but `resultDigest`. */
  keepOnly(outerStep: number, resultDigest: string): void {
    for (const [digest, result] of this.#results) {
      if (result.outerStep < outerStep || (result.outerStep === outerStep && digest !== resultDigest)) {
        this.delete(digest);
      }
    }
  }

  heldAt(outerStep: number): Map<string, string> {
    const held = new Map<string, string>();
    for (const result of this.#results.values()) {
      if (result.outerStep === outerStep) held.set(result.resultDigest, result.chunkDigests);
    }
    return held;
  }
}

/**
 * The mean pseudo-gradient, all elements: the same bytes give the same bits on every machine.
 * @param origin the certificate's origin: its plan cut the chunks
 */
export function decodeResult(
  origin: Proposal,
  chunks: EncodedChunks,
  codec: Codec,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(origin.elementCount);
  decodeResultInto(origin, chunks, codec, values);
  return values;
}

/** As `decodeResult`, into `values` [elementCount]: at the end of a round that may be the tensor that went in. */
export function decodeResultInto(
  origin: Proposal,
  chunks: EncodedChunks,
  codec: Codec,
  values: Float32Array,
): void {
  const plan = planOf(origin);
  assert(chunks.length === plan.chunks.length, "one encoded chunk for each chunk of the plan");
  assert(values.length === plan.elementCount, "values are of the tensor's size");
  const most = plan.chunks.reduce(
    (bytes, { elements }) => Math.max(bytes, codec.result.encodedBytes(elements)),
    0,
  );
  const room = new Uint8Array(most);
  for (const { index, startElement, elements } of plan.chunks) {
    codec.result.decodeInto(chunks.read(index, room), values.subarray(startElement, startElement + elements));
  }
}

/** Small enough that the first comes back soon and a lossy connection carries one in half a second. */
export const CHUNK_BYTES = 128 * 1024;

/** The largest chunk, in whole blocks of 1024 elements, that fits `chunkBytes` both as contribution and as result. */
export function chunkElementsFor(codec: Codec, chunkBytes: number): number {
  const bytesOf = (blocks: number) =>
    Math.max(codec.encodedBytes(1024 * blocks), codec.result.encodedBytes(1024 * blocks));
  let blocks = Math.max(1, Math.floor(chunkBytes / Math.max(1, bytesOf(1))));
  while (bytesOf(blocks + 1) <= chunkBytes) blocks++;
  return 1024 * blocks;
}
