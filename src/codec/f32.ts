/** The exact codec: little-endian IEEE f32, four bytes an element. The yardstick of the lossy ones. */
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";

export const f32Codec: Codec = {
  name: "f32",
  encodedBytes: (elements) => 4 * elements,

  encode(values) {
    const encoded = new Uint8Array(4 * values.length);
    const view = new DataView(encoded.buffer);
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) throw nonFinite("encode", i, values[i]);
      view.setFloat32(4 * i, values[i], true);
    }
    return encoded;
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    f32Codec.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    const view = viewOf(encoded, values.length);
    for (let i = 0; i < values.length; i++) {
      values[i] = view.getFloat32(4 * i, true);
      if (!Number.isFinite(values[i])) throw nonFinite("decode", i, values[i]);
    }
  },

  check(encoded, elements) {
    const view = viewOf(encoded, elements);
    for (let i = 0; i < elements; i++) {
      const value = view.getFloat32(4 * i, true);
      if (!Number.isFinite(value)) throw nonFinite("decode", i, value);
    }
  },

  get result() {
    return f32Codec;
  },
};

function viewOf(encoded: Uint8Array, elements: number): DataView {
  if (encoded.byteLength !== 4 * elements) {
    throw new CodecError(
      "codec/size",
      `decode f32: ${encoded.byteLength} bytes for ${elements} elements, ${4 * elements} required`,
      { found: encoded.byteLength, required: 4 * elements },
    );
  }
  return new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

function nonFinite(action: string, index: number, value: number): CodecError {
  return new CodecError(
    "codec/non-finite",
    `${action} f32: element ${index} is ${value}, a finite number required`,
    { index },
  );
}
