/**
 * Twin of src/codec/simd.wat, one element after another, in the f64 of JavaScript: the same bits for finite values in range.
 *
 *   values [n], encoded [4·⌈n/1024⌉ + n]: little-endian f32 scales, then codes
 */
const BLOCK_ELEMENTS = 1024;
const SMALLEST_NORMAL_F32 = 2 ** -126;
/** Adding and taking away 1.5·2⁵² rounds an f64 below 2⁵¹ to the nearest integer, ties to even. */
const ROUNDING_SHIFT = 6755399441055744;

export function u8Encode(values: Float32Array): Uint8Array {
  const codesAt = 4 * Math.ceil(values.length / BLOCK_ELEMENTS);
  const encoded = new Uint8Array(codesAt + values.length);
  const view = new DataView(encoded.buffer);
  for (let start = 0; start < values.length; start += BLOCK_ELEMENTS) {
    const end = Math.min(start + BLOCK_ELEMENTS, values.length);
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]));
    const scale = Math.fround(largest / 127);
    if (scale < SMALLEST_NORMAL_F32) {
      encoded.fill(128, codesAt + start, codesAt + end);
      continue;
    }
    view.setFloat32(4 * start / BLOCK_ELEMENTS, scale, true);
    const inverse = 1 / scale;
    for (let i = start; i < end; i++) {
      encoded[codesAt + i] = values[i] * inverse + ROUNDING_SHIFT - (ROUNDING_SHIFT - 128);
    }
  }
  return encoded;
}

/** Overwrites values [n]. */
export function u8DecodeInto(encoded: Uint8Array, values: Float32Array): void {
  forEachBlock(encoded, values.length, (scale, codesAt, start, end) => {
    for (let i = start; i < end; i++) values[i] = (encoded[codesAt + i] - 128) * scale;
  });
}

/** Adds to sum [n]. */
export function u8Accumulate(encoded: Uint8Array, share: number, sum: Float32Array): void {
  forEachBlock(encoded, sum.length, (scale, codesAt, start, end) => {
    for (let i = start; i < end; i++) {
      sum[i] += Math.fround(share * Math.fround((encoded[codesAt + i] - 128) * scale));
    }
  });
}

/** Σ shareᵢ · decode(xᵢ) in the order given, encoded. */
export function u8Mean(encodings: readonly Uint8Array[], shares: readonly number[], elements: number) {
  const sum = new Float32Array(elements);
  encodings.forEach((encoded, i) => u8Accumulate(encoded, shares[i], sum));
  return u8Encode(sum);
}

/** Index of the first NaN or infinity, or −1. */
export function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

function forEachBlock(
  encoded: Uint8Array,
  elements: number,
  visit: (scale: number, codesAt: number, start: number, end: number) => void,
): void {
  const view = new DataView(encoded.buffer, encoded.byteOffset);
  const blocks = Math.ceil(elements / BLOCK_ELEMENTS);
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK_ELEMENTS;
    const end = Math.min(start + BLOCK_ELEMENTS, elements);
    visit(view.getFloat32(4 * block, true), 4 * blocks, start, end);
  }
}
