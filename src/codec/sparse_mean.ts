/**
 * The mean of sparse contributions: the elements that anybody named, a byte each. In blocks of 4096, the last one shorter:
 *
 *   count   u16, c ≤ block; the rest only when c > 0
 *   scale   f32 = max|x| / 127 over the block, the smallest normal f32 at least
 *   where   c indices of 12 bits, ascending, least bit first, in whole bytes; or, when that is more, a bit an element
 *   codes   c bytes: round_half_even(x / scale) + 128, in 1 … 255 but never 128
 *
 * A byte and not two bits, because what the reducer rounds away is in nobody's residual. m members name at most 64·m of
 * 4096: 6 + 2.5·64·m bytes a block where they are few (166 for one, 326 for two: 50 times smaller than f32), 518 + 64·m
 * from six members on, never more than 4614, which is u8's 4100 and an eighth.
 */
import { ROUNDING_SHIFT } from "./block_scale.ts";
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";
import {
  bitsOf,
  floatOfBits,
  INFINITY_BITS,
  largestMagnitudeBits,
  SMALLEST_NORMAL_F32,
} from "./float_bits.ts";

const BLOCK_ELEMENTS = 4096;
const INDEX_BITS = 12;
const HEADER_BYTES = 6;
const LEVELS = 127;
const ZERO_CODE = 128;

/** The cheaper of the two ways to say where. */
function whereBytes(count: number, blockElements: number): number {
  return Math.min(Math.ceil((INDEX_BITS * count) / 8), Math.ceil(blockElements / 8));
}

function isListed(count: number, blockElements: number): boolean {
  return Math.ceil((INDEX_BITS * count) / 8) <= Math.ceil(blockElements / 8);
}

function mostBytes(blockElements: number): number {
  return HEADER_BYTES + Math.ceil(blockElements / 8) + blockElements;
}

export const sparseMean: Codec = {
  name: "sparse-mean",

  encodedBytes(elements) {
    const rest = elements % BLOCK_ELEMENTS;
    return Math.floor(elements / BLOCK_ELEMENTS) * mostBytes(BLOCK_ELEMENTS) +
      (rest === 0 ? 0 : mostBytes(rest));
  },

  encode(values) {
    const encoded = new Uint8Array(sparseMean.encodedBytes(values.length));
    const codes = new Uint8Array(BLOCK_ELEMENTS);
    let at = 0;
    for (let start = 0; start < values.length; start += BLOCK_ELEMENTS) {
      const end = Math.min(start + BLOCK_ELEMENTS, values.length);
      at = writeBlock(encoded, at, values, start, end, codes);
    }
    return encoded.slice(0, at);
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    readAll(encoded, elements, (index, value) => values[index] = value);
    return values;
  },

  decodeInto(encoded, values) {
    values.fill(0);
    readAll(encoded, values.length, (index, value) => values[index] = value);
  },

  accumulate(encoded, share, sum) {
    readAll(encoded, sum.length, (index, value) => sum[index] += Math.fround(share * value));
  },

  cover(encoded, share, covered) {
    readAll(encoded, covered.length, (index) => covered[index] += share);
  },

  check(encoded, elements) {
    readAll(encoded, elements, () => {});
  },

  get result() {
    return sparseMean;
  },
};

/** @param codes scratch [4096] @returns where the next block goes */
function writeBlock(
  encoded: Uint8Array,
  at: number,
  values: Float32Array,
  start: number,
  end: number,
  codes: Uint8Array,
): number {
  const largest = largestMagnitudeBits(bitsOf(values), start, end);
  if (largest >= INFINITY_BITS) {
    throw new CodecError(
      "codec/non-finite",
      `encode sparse mean: a value from element ${start} on is not finite, finite numbers required`,
    );
  }
  if (floatOfBits(largest) < SMALLEST_NORMAL_F32) return at + 2;
  const scale = Math.max(Math.fround(floatOfBits(largest) / LEVELS), SMALLEST_NORMAL_F32);
  if (!isUsable(scale)) {
    throw new CodecError(
      "codec/range",
      `encode sparse mean: a value of ${
        floatOfBits(largest)
      } from element ${start} on, a smaller one required`,
    );
  }
  const inverse = 1 / scale;
  let count = 0;
  for (let i = start; i < end; i++) {
    const code = values[i] * inverse + ROUNDING_SHIFT - (ROUNDING_SHIFT - ZERO_CODE);
    codes[i - start] = code;
    if (code !== ZERO_CODE) count++;
  }
  const view = new DataView(encoded.buffer, at);
  view.setUint16(0, count, true);
  if (count === 0) return at + 2;
  view.setFloat32(2, scale, true);
  const where = at + HEADER_BYTES;
  const listed = isListed(count, end - start);
  let to = where + whereBytes(count, end - start);
  let written = 0;
  for (let index = 0; index < end - start; index++) {
    if (codes[index] === ZERO_CODE) continue;
    if (listed) putIndex(encoded, where, written++, index);
    else encoded[where + (index >> 3)] |= 1 << (index & 7);
    encoded[to++] = codes[index];
  }
  return to;
}

/** Two indices fill three bytes. */
function putIndex(encoded: Uint8Array, where: number, position: number, index: number): void {
  const at = where + ((3 * position) >> 1);
  if (position % 2 === 0) {
    encoded[at] = index;
    encoded[at + 1] = index >> 8;
  } else {
    encoded[at] |= index << 4;
    encoded[at + 1] = index >> 4;
  }
}

function getIndex(encoded: Uint8Array, where: number, position: number): number {
  const at = where + ((3 * position) >> 1);
  return position % 2 === 0
    ? encoded[at] | ((encoded[at + 1] & 15) << 8)
    : (encoded[at] >> 4) | (encoded[at + 1] << 4);
}

function readAll(encoded: Uint8Array, elements: number, visit: (index: number, value: number) => void): void {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  let at = 0;
  for (let start = 0; start < elements; start += BLOCK_ELEMENTS) {
    const blockElements = Math.min(BLOCK_ELEMENTS, elements - start);
    assertRoom(encoded, at + 2);
    const count = view.getUint16(at, true);
    at += 2;
    if (count === 0) continue;
    if (count > blockElements) throw malformed(`${count} of ${blockElements} elements`);
    const where = at + 4;
    const codes = where + whereBytes(count, blockElements);
    assertRoom(encoded, codes + count);
    const scale = view.getFloat32(at, true);
    if (!isUsable(scale)) {
      throw new CodecError(
        "codec/non-finite",
        `decode sparse mean: scale ${scale}, a normal number in range required`,
      );
    }
    const read = isListed(count, blockElements) ? readList : readBitmap;
    read(encoded, where, codes, { start, blockElements, count, scale }, visit);
    at = codes + count;
  }
  if (at !== encoded.byteLength) {
    throw new CodecError(
      "codec/size",
      `decode sparse mean: ${encoded.byteLength} bytes for ${elements} elements, ${at} required`,
    );
  }
}

/** A normal number with which every code stays finite. */
const isUsable = (scale: number) =>
  scale >= SMALLEST_NORMAL_F32 && Number.isFinite(Math.fround(scale * LEVELS));

interface MeanBlock {
  readonly start: number;
  readonly blockElements: number;
  readonly count: number;
  readonly scale: number;
}

type Visit = (index: number, value: number) => void;

function readList(encoded: Uint8Array, where: number, codes: number, block: MeanBlock, visit: Visit): void {
  let last = -1;
  for (let i = 0; i < block.count; i++) {
    const index = getIndex(encoded, where, i);
    if (index <= last || index >= block.blockElements) {
      throw malformed(`index ${index} after ${last} in a block of ${block.blockElements}`);
    }
    last = index;
    visit(block.start + index, valueOf(encoded[codes + i], block.scale));
  }
  if (block.count % 2 === 1 && encoded[codes - 1] >> 4 !== 0) throw malformed("bits after the last index");
}

function readBitmap(encoded: Uint8Array, where: number, codes: number, block: MeanBlock, visit: Visit): void {
  let read = 0;
  for (let index = 0; index < 8 * Math.ceil(block.blockElements / 8); index++) {
    if ((encoded[where + (index >> 3)] >> (index & 7) & 1) === 0) continue;
    if (index >= block.blockElements || read === block.count) throw malformed(`bit ${index} set`);
    visit(block.start + index, valueOf(encoded[codes + read++], block.scale));
  }
  if (read !== block.count) throw malformed(`${read} bits set where ${block.count} are promised`);
}

function valueOf(code: number, scale: number): number {
  if (code === ZERO_CODE || code === 0) throw malformed(`code ${code}`);
  return Math.fround((code - ZERO_CODE) * scale);
}

function assertRoom(encoded: Uint8Array, needed: number): void {
  if (needed <= encoded.byteLength) return;
  throw new CodecError(
    "codec/size",
    `decode sparse mean: ${encoded.byteLength} bytes, ${needed} or more required`,
    { found: encoded.byteLength, required: needed },
  );
}

function malformed(what: string): CodecError {
  return new CodecError("codec/malformed", `decode sparse mean: ${what}, what an encoder makes required`);
}
