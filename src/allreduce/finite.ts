/**
 * Non-finite f32s are those whose exponent bits are all ones. Read as integers and with one added to the exponent, only they
 * carry into the sign bit: a tensor is scanned a block at a time, without a branch for each element.
 */
const EXPONENT_BITS = 0x7f800000;
const EXPONENT_ONE = 0x00800000;
const BLOCK_ELEMENTS = 4096;

/** Index of the first NaN or infinity, or −1. */
export function firstNonFinite(values: Float32Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let start = 0; start < bits.length; start += BLOCK_ELEMENTS) {
    const end = Math.min(start + BLOCK_ELEMENTS, bits.length);
    let carries = 0;
    for (let i = start; i < end; i++) carries |= (bits[i] & EXPONENT_BITS) + EXPONENT_ONE;
    if (carries < 0) return start + values.subarray(start, end).findIndex((value) => !Number.isFinite(value));
  }
  return -1;
}
