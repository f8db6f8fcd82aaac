/**
 * The tensors of the scale simulation. Block k of 1024 elements holds one number, 1 + k mod 7, times the member's own constant;
 * this number is what travels, eight bytes a block, and the wire counts these bytes times a factor, so that a small tensor
 * takes the time of a large one. A thousand members share the pattern, their codecs multiply. It is exact enough to see
 * whether every member is in the mean once, with its weight.
 */
import { SkeinError } from "../../src/base/errors.ts";
import type { ChunkReducer, Codec, WeightedChunk } from "../../src/codec/codec.ts";

const BLOCK_ELEMENTS = 1024;
export const BLOCK_BYTES = 8;

const blocksOf = (elements: number) => Math.ceil(elements / BLOCK_ELEMENTS);
const patternAt = (block: number) => 1 + block % 7;

export function sharedTensor(blocks: number): Float32Array {
  const values = new Float32Array(BLOCK_ELEMENTS * blocks);
  for (let block = 0; block < blocks; block++) {
    values.fill(patternAt(block), BLOCK_ELEMENTS * block, BLOCK_ELEMENTS * (block + 1));
  }
  return values;
}

/** Of one member: it encodes `constant` times what it is given. */
export function blockCodec(constant: number): Codec {
  const codec: Codec = {
    name: "blocks",
    encodedBytes: (elements) => BLOCK_BYTES * blocksOf(elements),
    encode: (values) =>
      bytesOf(Float64Array.from({ length: blocksOf(values.length) }, (_, k) => constant * values[1024 * k])),
    decode(encoded, elements) {
      const values = new Float32Array(elements);
      codec.decodeInto(encoded, values);
      return values;
    },
    decodeInto: (encoded, values) =>
      read(encoded, values.length).forEach((value, k) => values.fill(value, 1024 * k, 1024 * (k + 1))),
    accumulate(encoded, share, sum) {
      codec.decode(encoded, sum.length).forEach((value, e) => sum[e] += Math.fround(share * value));
    },
    check: (encoded, elements) => void read(encoded, elements),
    get result() {
      return codec;
    },
  };
  return codec;
}

/** Σ wᵢ·xᵢ / Σ wᵢ by block. */
export class BlockReducer implements ChunkReducer {
  async reduce(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    const sum = new Float64Array(blocksOf(elements));
    let total = 0;
    for (const { encoded, weight } of inputs) {
      read(encoded, elements).forEach((value, k) => sum[k] += weight * value);
      total += weight;
    }
    return bytesOf(sum.map((value) => value / total));
  }
}

/** The mean of the members' constants, which every block of the result must say; undefined when blocks differ. */
export function meanConstant(chunks: readonly Uint8Array[]): number | undefined {
  const values = chunks.flatMap((chunk) => [...new Float64Array(chunk.slice().buffer)]);
  const means = values.map((value, block) => value / patternAt(block));
  return means.every((mean) => Math.abs(mean - means[0]) < 1e-9 * means[0]) ? means[0] : undefined;
}

function read(encoded: Uint8Array, elements: number): Float64Array {
  if (encoded.byteLength !== BLOCK_BYTES * blocksOf(elements)) {
    throw new SkeinError("codec/size", `decode blocks: ${encoded.byteLength} bytes of ${elements} elements`);
  }
  const values = new Float64Array(encoded.slice().buffer);
  if (!values.every(Number.isFinite)) throw new SkeinError("codec/non-finite", "decode blocks: not finite");
  return values;
}

const bytesOf = (values: Float64Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(values.buffer as ArrayBuffer);
