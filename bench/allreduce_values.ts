/**
 * What the members of a bench contribute, and the check of what they get. A member's values follow from its index and the
 * round, so anybody can say what the mean has to be without asking the others.
 */
import type { Codec } from "../src/codec/codec.ts";
import type { Chunk } from "../src/allreduce/span_plan.ts";

/** Weights that differ, so that a mean that forgets them is found out. */
export const samplesOf = (member: number): number => 1 + (member % 3);

/** Elements [start, start + values.length) of a member's tensor: hashed, uniform in ±(1 + member / 4). */
export function fillValues(values: Float32Array, member: number, round: number, start = 0): void {
  const key = Math.imul(member + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b);
  const scale = (1 + member / 4) / 2 ** 31;
  for (let e = 0; e < values.length; e++) {
    let x = Math.imul((start + e) ^ key, 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    values[e] = (x ^ (x >>> 16)) * scale;
  }
}

/** Of the check below, used again: it must not count as the all-reduce's memory. */
const sums = new Map<number, Float64Array>();
const scratch = new Map<number, Float32Array>();
const decoded = new Map<number, Float32Array>();
const encodings = new Map<number, Uint8Array<ArrayBuffer>>();

function zeroed<A extends { fill(value: number): A }>(
  arrays: Map<number, A>,
  length: number,
  make: () => A,
): A {
  const array = arrays.get(length) ?? make();
  arrays.set(length, array);
  return array.fill(0);
}

function roomFor(codec: Codec, elements: number): Uint8Array<ArrayBuffer> {
  const bytes = codec.encodedBytes(elements);
  return zeroed(encodings, bytes, () => new Uint8Array(bytes));
}

/**
 * Compares a result chunk with the weighted mean, in f64, of what the codec makes of each member's values. It may differ
 * by one quantisation of the mean: what `codec.result` itself loses on these values, and an f32 rounding or two more.
 * @returns what is wrong, or undefined
 */
export function resultFault(
  encoded: Uint8Array,
  { index, startElement, elements }: Chunk,
  codec: Codec,
  contributors: readonly number[],
  round: number,
): string | undefined {
  const mean = zeroed(sums, elements, () => new Float64Array(elements));
  const values = zeroed(scratch, elements, () => new Float32Array(elements));
  let weights = 0;
  let largest = 0;
  for (const member of contributors) {
    fillValues(values, member, round, startElement);
    codec.decodeInto(codec.encode(values, roomFor(codec, elements)), values);
    const weight = samplesOf(member);
    weights += weight;
    for (let e = 0; e < elements; e++) mean[e] += weight * values[e];
  }
  for (let e = 0; e < elements; e++) {
    values[e] = mean[e] /= weights;
    largest = Math.max(largest, Math.abs(mean[e]));
  }
  const rounding = 4 * largest * 2 ** -23;
  let quantisation = 0;
  const again = zeroed(decoded, elements, () => new Float32Array(elements));
  codec.result.decodeInto(codec.result.encode(values, roomFor(codec.result, elements)), again);
  for (let e = 0; e < elements; e++) quantisation = Math.max(quantisation, Math.abs(again[e] - mean[e]));
  const found = values;
  codec.result.decodeInto(encoded, found);
  const allowed = quantisation * 1.01 + rounding;
  for (let e = 0; e < elements; e++) {
    if (Math.abs(found[e] - mean[e]) <= allowed) continue;
    return `element ${startElement + e} of chunk ${index} is ${found[e]}, ${
      mean[e]
    } ± ${allowed} is required`;
  }
  return undefined;
}
