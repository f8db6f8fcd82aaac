/** The exact codec: little-endian IEEE f32, four bytes an element. The yardstick of the lossy ones. */
import type { Codec } from "./codec.ts";
import { assertFinite, assertSize, bytesOf } from "./float_bits.ts";

export const f32Codec: Codec = {
  name: "f32",
  encodedBytes: (elements) => 4 * elements,

  encode(values) {
    assertFinite(values, "encode f32");
    return new Uint8Array(bytesOf(values));
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    f32Codec.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    assertSize("f32", encoded.byteLength, 4 * values.length, values.length);
    bytesOf(values).set(encoded);
    assertFinite(values, "decode f32");
  },

  accumulate(encoded, share, sum) {
    const values = viewOf(encoded, sum.length);
    for (let i = 0; i < sum.length; i++) sum[i] += Math.fround(share * values[i]);
  },

  check(encoded, elements) {
    viewOf(encoded, elements);
  },

  get result() {
    return f32Codec;
  },
};

/** The values where they lie when they are aligned, a copy otherwise. */
function viewOf(encoded: Uint8Array, elements: number): Float32Array {
  assertSize("f32", encoded.byteLength, 4 * elements, elements);
  const aligned = encoded.byteOffset % 4 === 0 ? encoded : encoded.slice();
  const values = new Float32Array(aligned.buffer, aligned.byteOffset, elements);
  assertFinite(values, "decode f32");
  return values;
}
