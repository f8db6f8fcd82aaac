/**
 * IEEE half precision, two bytes an element, rounded to the nearest, ties to even.
 *
 * A magnitude of 65520 or more would round to infinity: it is refused, since a pseudo-gradient of that size is a fault
 * and saturating would hide it. Subnormal halves are kept (down to 2⁻²⁴ = 6e-8, rounded to zero below 3e-8); a
 * pseudo-gradient's small elements live there. Float16Array is in Deno 2.9 and in every browser of 2025 and later.
 */
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";
import { assertFinite, assertSize, bitsOf, floatOfBits, largestMagnitudeBits } from "./float_bits.ts";

/** Bits of the f32 65520, half way between the largest half and what would follow it. */
const OVERFLOW_BITS = 0x477ff000;
const EXPONENT_BITS = 0x7c00;

export const f16Codec: Codec = {
  name: "f16",
  encodedBytes: (elements) => 2 * elements,

  encode(values) {
    assertInRange(values);
    return new Uint8Array(new Float16Array(values).buffer);
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    f16Codec.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    values.set(halvesOf(encoded, values.length));
  },

  accumulate(encoded, share, sum) {
    const values = halvesOf(encoded, sum.length);
    for (let i = 0; i < sum.length; i++) sum[i] += Math.fround(share * values[i]);
  },

  check(encoded, elements) {
    halvesOf(encoded, elements);
  },

  get result() {
    return f16Codec;
  },
};

function assertInRange(values: Float32Array): void {
  const bits = bitsOf(values);
  const largest = largestMagnitudeBits(bits, 0, bits.length);
  if (largest < OVERFLOW_BITS) return;
  assertFinite(values, "encode f16");
  throw new CodecError(
    "codec/range",
    `encode f16: magnitude ${floatOfBits(largest)}, below 65520 required, take another codec`,
  );
}

function halvesOf(encoded: Uint8Array, elements: number): Float16Array {
  assertSize("f16", encoded.byteLength, 2 * elements, elements);
  const aligned = encoded.byteOffset % 2 === 0 ? encoded : encoded.slice();
  const bits = new Uint16Array(aligned.buffer, aligned.byteOffset, elements);
  for (let i = 0; i < elements; i++) {
    if ((bits[i] & EXPONENT_BITS) !== EXPONENT_BITS) continue;
    throw new CodecError("codec/non-finite", `decode f16: element ${i} is not finite, a number required`, {
      index: i,
    });
  }
  return new Float16Array(aligned.buffer, aligned.byteOffset, elements);
}
