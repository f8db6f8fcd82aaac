/**
 * One byte an element with one scale a block, a quarter of f32 on the wire.
 *
 *   elements x[n], blocks of 1024, the last one shorter
 *   scale = fround(max|x| / 127), or 0 when that is below the smallest normal f32 (GPUs flush those)
 *   q     = clamp(round_half_even(fround(x / scale)), -127, 127) + 128, or 128 when scale is 0
 *   bytes = ceil(n / 1024) little-endian f32 scales, then n bytes q
 *   x'    = fround((q - 128) * scale)
 *
 * The error is at most scale / 2 and a rounding: 1/254 of the block's largest magnitude. Symmetric and without an
 * offset, so that zero stays exactly zero. `kernels/` holds the GPU form; only a result that was broadcast as bytes
 * has to agree between members, and that one is decoded here.
 */
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";

export const BLOCK_ELEMENTS = 1024;
const LEVELS = 127;
const ZERO_CODE = 128;
const SMALLEST_NORMAL_F32 = 2 ** -126;
/** Adding and taking away 1.5·2⁵² rounds an f64 below 2⁵¹ to the nearest integer, ties to even. */
const ROUNDING_SHIFT = 6755399441055744;

export function blockCount(elements: number): number {
  return Math.ceil(elements / BLOCK_ELEMENTS);
}

export const u8Blockwise: Codec = {
  name: "u8",
  encodedBytes: (elements) => 4 * blockCount(elements) + elements,

  encode(values) {
    const blocks = blockCount(values.length);
    const encoded = new Uint8Array(4 * blocks + values.length);
    const scales = new DataView(encoded.buffer);
    for (let block = 0; block < blocks; block++) {
      const start = block * BLOCK_ELEMENTS;
      const end = Math.min(start + BLOCK_ELEMENTS, values.length);
      const scale = blockScale(values, start, end);
      scales.setFloat32(4 * block, scale, true);
      quantise(values, start, end, scale, encoded, 4 * blocks);
    }
    return encoded;
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    u8Blockwise.decodeInto(encoded, values);
    return values;
  },

  decodeInto(encoded, values) {
    const scales = scalesOf(encoded, values.length);
    const codes = encoded.subarray(scales.byteLength);
    for (let block = 0; block < blockCount(values.length); block++) {
      const scale = usableScale(scales, block);
      const end = Math.min((block + 1) * BLOCK_ELEMENTS, values.length);
      for (let i = block * BLOCK_ELEMENTS; i < end; i++) values[i] = (codes[i] - ZERO_CODE) * scale;
    }
  },

  /** The size and every scale; the codes themselves cannot be wrong. */
  check(encoded, elements) {
    const scales = scalesOf(encoded, elements);
    for (let block = 0; block < blockCount(elements); block++) usableScale(scales, block);
  },

  get result() {
    return u8Blockwise;
  },
};

function scalesOf(encoded: Uint8Array, elements: number): DataView {
  const blocks = blockCount(elements);
  const required = 4 * blocks + elements;
  if (encoded.byteLength !== required) {
    throw new CodecError(
      "codec/size",
      `decode u8: ${encoded.byteLength} bytes for ${elements} elements, ${required} required`,
      { found: encoded.byteLength, required },
    );
  }
  return new DataView(encoded.buffer, encoded.byteOffset, 4 * blocks);
}

function usableScale(scales: DataView, block: number): number {
  const scale = scales.getFloat32(4 * block, true);
  if (!isUsableScale(scale)) throw badScale("decode", block, scale);
  return scale;
}

/** Not negative, and every one of the 256 codes decodes to a finite f32. */
function isUsableScale(scale: number): boolean {
  return scale >= 0 && Number.isFinite(Math.fround(scale * ZERO_CODE));
}

function blockScale(values: Float32Array, start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i]);
    // Written so that NaN fails the comparison and is kept.
    if (!(magnitude <= largest)) largest = magnitude;
    if (largest !== largest) break;
  }
  const scale = Math.fround(largest / LEVELS);
  if (!isUsableScale(scale)) throw badScale("encode", start / BLOCK_ELEMENTS, largest);
  return scale < SMALLEST_NORMAL_F32 ? 0 : scale;
}

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
  for (let i = start; i < end; i++) {
    const level = Math.fround(values[i] / scale) + ROUNDING_SHIFT - ROUNDING_SHIFT;
    encoded[offset + i] = Math.max(-LEVELS, Math.min(LEVELS, level)) + ZERO_CODE;
  }
}

function badScale(action: string, block: number, value: number): CodecError {
  return new CodecError(
    "codec/non-finite",
    `${action} u8: block ${block} has ${
      action === "encode" ? "magnitude" : "scale"
    } ${value}, a finite value in range required`,
    { block },
  );
}
