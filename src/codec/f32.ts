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
    if (encoded.byteLength !== 4 * elements) {
      throw new CodecError(
        "codec/size",
        `decode f32: ${encoded.byteLength} bytes for ${elements} elements, ${4 * elements} required`,
        { found: encoded.byteLength, required: 4 * elements },
      );
    }
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    const values = new Float32Array(elements);
    for (let i = 0; i < elements; i++) {
      values[i] = view.getFloat32(4 * i, true);
      if (!Number.isFinite(values[i])) throw nonFinite("decode", i, values[i]);
    }
    return values;
  },
};

function nonFinite(action: string, index: number, value: number): CodecError {
  return new CodecError(
    "codec/non-finite",
    `${action} f32: element ${index} is ${value}, a finite number required`,
    { index },
  );
}
