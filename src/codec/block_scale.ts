/**
 * The scales of blockwise codecs: one f32 a block of elements, in front of the codes.
 *
 *   scale = fround(max|x| / LEVELS), or 0 when that is below the smallest normal f32 (GPUs flush those)
 *   level = round_half_even(x · (1 / scale)), products in f64: |level| ≤ LEVELS, because the scale is good to 2⁻²⁴
 */
import { CodecError } from "./errors.ts";
import {
  assertSize,
  bitsOf,
  floatOfBits,
  INFINITY_BITS,
  largestMagnitudeBits,
  SMALLEST_NORMAL_F32,
} from "./float_bits.ts";

/** Adding and taking away 1.5·2⁵² rounds an f64 below 2⁵¹ to the nearest integer, ties to even. */
export const ROUNDING_SHIFT = 6755399441055744;

/** The blocks of an encoding and what is needed to read or write their scales. */
export interface BlockFormat {
  readonly name: string;
  readonly blockElements: number;
  readonly levels: number;
  /** The largest magnitude of a code: every code must decode to a finite value. */
  readonly largestCode: number;
  /** Size of a block of `elements` codes. */
  codeBytes(elements: number): number;
}

export function blocksOf(format: BlockFormat, elements: number): number {
  return Math.ceil(elements / format.blockElements);
}

export function blockwiseBytes(format: BlockFormat, elements: number): number {
  return 4 * blocksOf(format, elements) + format.codeBytes(elements);
}

/** The scale of each block. @throws {CodecError} `codec/non-finite` when a value is not finite or too large */
export function blockScales(format: BlockFormat, values: Float32Array): Float32Array {
  const bits = bitsOf(values);
  const scales = new Float32Array(blocksOf(format, values.length));
  for (let block = 0; block < scales.length; block++) {
    const start = block * format.blockElements;
    const largest = largestMagnitudeBits(bits, start, Math.min(start + format.blockElements, bits.length));
    const scale = Math.fround(floatOfBits(largest) / format.levels);
    if (largest >= INFINITY_BITS || !isUsable(format, scale)) throw refuseBlock(format, block, largest);
    scales[block] = scale < SMALLEST_NORMAL_F32 ? 0 : scale;
  }
  return scales;
}

/** Of a block whose largest magnitude, in bits, is not finite or leaves no usable scale. */
export function refuseBlock(format: BlockFormat, block: number, largest: number): CodecError {
  return new CodecError(
    "codec/non-finite",
    `encode ${format.name}: block ${block} has magnitude ${floatOfBits(largest)}, a finite value in ` +
      `range required`,
    { block },
  );
}

/** The scales of an encoding, checked: the codes behind them cannot be wrong. @throws `codec/size`, `codec/non-finite` */
export function readScales(format: BlockFormat, encoded: Uint8Array, elements: number): Float32Array {
  assertSize(format.name, encoded.byteLength, blockwiseBytes(format, elements), elements);
  const scales = new Float32Array(blocksOf(format, elements));
  new Uint8Array(scales.buffer).set(encoded.subarray(0, scales.byteLength));
  for (let block = 0; block < scales.length; block++) {
    if (isUsable(format, scales[block])) continue;
    throw new CodecError(
      "codec/non-finite",
      `decode ${format.name}: block ${block} has scale ${scales[block]}, a finite value in range required`,
      { block },
    );
  }
  return scales;
}

/** Not negative, and every code decodes to a finite f32. NaN fails. */
function isUsable({ largestCode }: BlockFormat, scale: number): boolean {
  return scale >= 0 && Number.isFinite(Math.fround(scale * largestCode));
}
