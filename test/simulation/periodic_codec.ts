/**
 * The tensors of the simulation, and a codec that makes them cheap. Element e belongs to member e mod P, P a power of two: a
 * member contributes 1 in its own elements and 0 elsewhere, so in every chunk of a mean the elements of member i hold
 * i's share of the weight, and 1024 elements are their first P. The codec carries those as f32.
 */
import { SkeinError } from "../../src/base/errors.ts";
import type { ChunkReducer, Codec } from "../../src/codec/codec.ts";

export const MAX_MEMBERS = 1024;
const UNIT_ELEMENTS = 1024;

/** Divides the 1024 elements to which spans are aligned, so that every chunk starts at member 0. */
export function periodFor(memberCount: number): number {
  let period = 1;
  while (period < memberCount) period *= 2;
  return period;
}

export function periodicCodec(period: number): Codec {
  const count = (elements: number) => period * Math.ceil(elements / UNIT_ELEMENTS);
  const atElement = (at: number) => Math.floor(at / period) * UNIT_ELEMENTS + at % period;
  const checkFinite = (values: Float32Array) => {
    const at = values.findIndex((x) => !Number.isFinite(x));
    if (at >= 0) throw new SkeinError("codec/non-finite", `code a period: value ${at} is ${values[at]}`);
  };
  const read = (encoded: Uint8Array, elements: number) => {
    if (encoded.byteLength !== 4 * count(elements)) {
      throw new SkeinError("codec/size", `decode a period: ${encoded.byteLength} bytes`);
    }
    const own = new Float32Array(encoded.slice().buffer);
    checkFinite(own);
    return own;
  };
  const codec: Codec = {
    name: `period-${period}`,
    encodedBytes: (elements) => 4 * count(elements),
    encode(values) {
      const own = new Float32Array(count(values.length));
      for (let at = 0; at < own.length; at++) own[at] = values[atElement(at)];
      checkFinite(own);
      return new Uint8Array(own.buffer) as Uint8Array<ArrayBuffer>;
    },
    decode(encoded, elements) {
      const values = new Float32Array(elements);
      codec.decodeInto(encoded, values);
      return values;
    },
    decodeInto(encoded, values) {
      const own = read(encoded, values.length);
      for (let at = 0; at < values.length; at++) {
        values[at] = own[Math.floor(at / UNIT_ELEMENTS) * period + at % period];
      }
    },
    accumulate(encoded, share, sum) {
      const values = codec.decode(encoded, sum.length);
      for (let at = 0; at < sum.length; at++) sum[at] += Math.fround(share * values[at]);
    },
    check: (encoded, elements) => void read(encoded, elements),
    get result() {
      return codec;
    },
  };
  return codec;
}

/** Σ wᵢ·xᵢ / Σ wᵢ of one period. */
export class PeriodicReducer implements ChunkReducer {
  async reduce(inputs: Parameters<ChunkReducer["reduce"]>[0]): Promise<Uint8Array<ArrayBuffer>> {
    const sums = new Float64Array(inputs[0].encoded.byteLength / 4);
    let total = 0;
    for (const { encoded, weight } of inputs) {
      const values = new Float32Array(encoded.slice().buffer);
      for (let i = 0; i < sums.length; i++) sums[i] += weight * values[i];
      total += weight;
    }
    return new Uint8Array(Float32Array.from(sums, (x) => x / total).buffer);
  }
}
