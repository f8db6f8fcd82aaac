/**
 * Half a byte an element with one scale a block: 7.75 times smaller than f32. Meant for use with error feedback.
 *
 *   elements x[n], blocks of 256, the last one shorter
 *   q     = level + 8 with 7 levels either side (block_scale.ts), or 8 when the scale is 0
 *   bytes = ceil(n / 256) little-endian f32 scales, then ceil(n / 2) bytes, the even element in the low half;
 *           an odd count leaves the last high half 0
 *   x'    = fround((q - 8) * scale)
 *
 * The error is at most scale / 2: 1/14 of the block's largest magnitude. The mean travels as u8: what the reducer rounds
 * away is in nobody's residual, and fifteen levels would lose for good what the members' feedback saves.
 */
import { type BlockFormat, blockScales, blockwiseBytes, readScales, ROUNDING_SHIFT } from "./block_scale.ts";
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";
import { u8Blockwise } from "./u8_blockwise.ts";

export const I4_BLOCK_ELEMENTS = 256;
const ZERO_CODE = 8;
const FORMAT: BlockFormat = {
  name: "i4",
  blockElements: I4_BLOCK_ELEMENTS,
  levels: 7,
  largestCode: 8,
  codeBytes: (elements) => Math.ceil(elements / 2),
};

export const i4Blockwise: Codec = {
  name: "i4",
  encodedBytes: (elements) => blockwiseBytes(FORMAT, elements),

  encode(values) {
    const scales = blockScales(FORMAT, values);
    const encoded = new Uint8Array(blockwiseBytes(FORMAT, values.length));
    encoded.set(new Uint8Array(scales.buffer));
    for (let block = 0; block < scales.length; block++) {
      const start = block * I4_BLOCK_ELEMENTS;
      quantise(
        values.subarray(start, start + I4_BLOCK_ELEMENTS),
        scales[block],
        encoded.subarray(scales.byteLength + start / 2),
      );
    }
    return encoded;
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    i4Blockwise.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    values.fill(0);
    i4Blockwise.accumulate(encoded, 1, values);
  },

  accumulate(encoded, share, sum) {
    const scales = readScales(FORMAT, encoded, sum.length);
    const codes = encoded.subarray(scales.byteLength);
    assertEmptyHalf(codes, sum.length);
    const terms = new Float32Array(16);
    for (let block = 0; block < scales.length; block++) {
      for (let code = 0; code < 16; code++) {
        terms[code] = share * Math.fround((code - ZERO_CODE) * scales[block]);
      }
      const end = Math.min((block + 1) * I4_BLOCK_ELEMENTS, sum.length);
      let i = block * I4_BLOCK_ELEMENTS;
      for (let pair = i / 2; i + 1 < end; i += 2, pair++) {
        sum[i] += terms[codes[pair] & 15];
        sum[i + 1] += terms[codes[pair] >> 4];
      }
      if (i < end) sum[i] += terms[codes[i / 2] & 15];
    }
  },

  check(encoded, elements) {
    const scales = readScales(FORMAT, encoded, elements);
    assertEmptyHalf(encoded.subarray(scales.byteLength), elements);
  },

  get result() {
    return u8Blockwise;
  },
};

function quantise(values: Float32Array, scale: number, codes: Uint8Array): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  const level = (value: number) => value * inverse + ROUNDING_SHIFT - (ROUNDING_SHIFT - ZERO_CODE);
  const even = values.length & ~1;
  for (let i = 0; i < even; i += 2) codes[i / 2] = level(values[i]) | (level(values[i + 1]) << 4);
  if (even < values.length) codes[even / 2] = level(values[even]);
}

function assertEmptyHalf(codes: Uint8Array, elements: number): void {
  if (elements % 2 === 0 || codes[codes.length - 1] < 16) return;
  throw new CodecError(
    "codec/malformed",
    `decode i4: the unused half of the last byte is ${codes[codes.length - 1] >> 4}, 0 required`,
  );
}
