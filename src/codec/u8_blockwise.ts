/**
 * One byte an element with one scale a block, a quarter of f32 on the wire.
 *
 *   elements x[n], blocks of 1024, the last one shorter
 *   q     = level + 128 with 127 levels either side (block_scale.ts), or 128 when the scale is 0
 *   bytes = ceil(n / 1024) little-endian f32 scales, then n bytes q
 *   x'    = fround((q - 128) * scale)
 *
 * The error is at most scale / 2 and a rounding: 1/254 of the block's largest magnitude. Symmetric and without an
 * offset, so that zero stays exactly zero. `kernels/` holds the GPU form; only a result that was broadcast as bytes
 * has to agree between members, and that one is decoded here.
 */
import {
  type BlockFormat,
  blockScales,
  blocksOf,
  blockwiseBytes,
  readScales,
  ROUNDING_SHIFT,
} from "./block_scale.ts";
import type { Codec } from "./codec.ts";

export const BLOCK_ELEMENTS = 1024;
const ZERO_CODE = 128;
const FORMAT: BlockFormat = {
  name: "u8",
  blockElements: BLOCK_ELEMENTS,
  levels: 127,
  largestCode: 128,
  codeBytes: (elements) => elements,
};

export function blockCount(elements: number): number {
  return blocksOf(FORMAT, elements);
}

export const u8Blockwise: Codec = {
  name: "u8",
  encodedBytes: (elements) => blockwiseBytes(FORMAT, elements),

  encode(values) {
    const scales = blockScales(FORMAT, values);
    const encoded = new Uint8Array(scales.byteLength + values.length);
    encoded.set(new Uint8Array(scales.buffer));
    for (let block = 0; block < scales.length; block++) {
      const start = block * BLOCK_ELEMENTS;
      const end = Math.min(start + BLOCK_ELEMENTS, values.length);
      quantise(values, start, end, scales[block], encoded, scales.byteLength);
    }
    return encoded;
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    u8Blockwise.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    const scales = readScales(FORMAT, encoded, values.length);
    const codes = encoded.subarray(scales.byteLength);
    for (let block = 0; block < scales.length; block++) {
      const scale = scales[block];
      const end = Math.min((block + 1) * BLOCK_ELEMENTS, values.length);
      for (let i = block * BLOCK_ELEMENTS; i < end; i++) values[i] = (codes[i] - ZERO_CODE) * scale;
    }
  },

  accumulate(encoded, share, sum) {
    const scales = readScales(FORMAT, encoded, sum.length);
    const codes = encoded.subarray(scales.byteLength);
    // A block has four times as many elements as there are codes: a table saves the roundings.
    const terms = new Float32Array(256);
    for (let block = 0; block < scales.length; block++) {
      for (let code = 0; code < 256; code++) {
        terms[code] = share * Math.fround((code - ZERO_CODE) * scales[block]);
      }
      const end = Math.min((block + 1) * BLOCK_ELEMENTS, sum.length);
      for (let i = block * BLOCK_ELEMENTS; i < end; i++) sum[i] += terms[codes[i]];
    }
  },

  /** The size and every scale; the codes themselves cannot be wrong. */
  check(encoded, elements) {
    readScales(FORMAT, encoded, elements);
  },

  get result() {
    return u8Blockwise;
  },
};

function quantise(
  values: Float32Array,
  start: number,
  end: number,
  scale: number,
  encoded: Uint8Array,
  offset: number,
): void {
  if (scale === 0) {
    encoded.fill(ZERO_CODE, offset + start, offset + end);
    return;
  }
  const inverse = 1 / scale;
  for (let i = start; i < end; i++) {
    encoded[offset + i] = values[i] * inverse + ROUNDING_SHIFT - (ROUNDING_SHIFT - ZERO_CODE);
  }
}
