/**
 * One byte an element with one scale a block, a quarter of f32 on the wire.
 *
 *   elements x[n], blocks of 1024, the last one shorter
 *   q     = level + 128 with 127 levels either side (block_scale.ts), or 128 when the scale is 0
 *   bytes = ceil(n / 1024) little-endian f32 scales, then n bytes q
 *   x'    = fround((q - 128) * scale)
 *
 * The error is at most scale / 2 and a rounding: 1/254 of the block's largest magnitude. Symmetric and without an
 * offset, so that zero stays exactly zero. The loops are in simd.wat, their twin in src/reference/u8_blockwise.ts; `kernels/`
 * holds the GPU form. Only a result that was broadcast as bytes has to agree between members, and that one is decoded here.
 */
import { assert } from "../base/assert.ts";
import { type BlockFormat, blocksOf, blockwiseBytes, readScales, refuseBlock } from "./block_scale.ts";
import type { Codec } from "./codec.ts";
import { bitsOf, largestMagnitudeBits } from "./float_bits.ts";
import {
  loadValues,
  paddedElements,
  padWithZeros,
  simd,
  SLICE_ELEMENTS,
  sliceCodes,
  sliceScales,
  sliceValues,
} from "./simd.ts";

export const BLOCK_ELEMENTS = 1024;
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

  encode(values, encoded = new Uint8Array(blockwiseBytes(FORMAT, values.length))) {
    assert(
      encoded.length === blockwiseBytes(FORMAT, values.length),
      "u8: the buffer is of the encoding's size",
    );
    for (let start = 0; start < values.length; start += SLICE_ELEMENTS) {
      const elements = loadValues(values, start);
      encodeSlice(start, elements, encoded, values.length);
    }
    return encoded;
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    u8Blockwise.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    readScales(FORMAT, encoded, values.length);
    for (let start = 0; start < values.length; start += SLICE_ELEMENTS) {
      const elements = loadCodes(encoded, start, values.length);
      simd.decode(paddedElements(elements));
      values.set(sliceValues.subarray(0, elements), start);
    }
  },

  accumulate(encoded, share, sum) {
    assertShare(share);
    readScales(FORMAT, encoded, sum.length);
    for (let start = 0; start < sum.length; start += SLICE_ELEMENTS) {
      const elements = loadValues(sum, start);
      loadCodes(encoded, start, sum.length);
      simd.accumulate(paddedElements(elements), share);
      sum.set(sliceValues.subarray(0, elements), start);
    }
  },

  mean(encodings, shares, total, mean = new Uint8Array(blockwiseBytes(FORMAT, total))) {
    assert(mean.length === blockwiseBytes(FORMAT, total), "u8: the buffer is of the encoding's size");
    shares.forEach(assertShare);
    for (const encoded of encodings) readScales(FORMAT, encoded, total);
    for (let start = 0; start < total; start += SLICE_ELEMENTS) {
      const elements = Math.min(SLICE_ELEMENTS, total - start);
      sliceValues.fill(0, 0, elements);
      for (let i = 0; i < encodings.length; i++) {
        loadCodes(encodings[i], start, total);
        simd.accumulate(paddedElements(elements), shares[i]);
      }
      padWithZeros(elements);
      encodeSlice(start, elements, mean, total);
    }
    return mean;
  },

  /** The size and every scale; the codes themselves cannot be wrong. */
  check(encoded, elements) {
    readScales(FORMAT, encoded, elements);
  },

  get result() {
    return u8Blockwise;
  },
};

/** Encodes the slice, which is elements from `start` on of `total`. */
function encodeSlice(start: number, elements: number, encoded: Uint8Array, total: number): void {
  const block = start / BLOCK_ELEMENTS;
  const bad = simd.encode(paddedElements(elements));
  if (bad >= 0) {
    const from = bad * BLOCK_ELEMENTS;
    const largest = largestMagnitudeBits(
      bitsOf(sliceValues),
      from,
      Math.min(from + BLOCK_ELEMENTS, elements),
    );
    throw refuseBlock(FORMAT, block + bad, largest);
  }
  encoded.set(sliceScales.subarray(0, 4 * blockCount(elements)), 4 * block);
  encoded.set(sliceCodes.subarray(0, elements), 4 * blockCount(total) + start);
}

/** Takes scales and codes of elements from `start` on of `total` into the slice. @returns of how many */
function loadCodes(encoded: Uint8Array, start: number, total: number): number {
  const elements = Math.min(SLICE_ELEMENTS, total - start);
  const scales = 4 * (start / BLOCK_ELEMENTS);
  const codes = 4 * blockCount(total) + start;
  sliceScales.set(encoded.subarray(scales, scales + 4 * blockCount(elements)));
  sliceCodes.set(encoded.subarray(codes, codes + elements));
  return elements;
}

function assertShare(share: number): void {
  assert(Math.fround(share) === share, `u8: share ${share} is not an f32`);
}
