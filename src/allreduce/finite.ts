/** Non-finite f32s are those whose exponent bits are all ones: read as integers, a tensor is scanned at memory speed. */
const EXPONENT_BITS = 0x7f800000;

/** Index of the first NaN or infinity, or −1. */
export function firstNonFinite(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT_BITS) === EXPONENT_BITS) return i;
  }
  return -1;
}
