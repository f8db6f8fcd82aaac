/** Twin of kernels/reduce_f16_sum.wgsl: little-endian halves per member → sum [count]. */
export function reduceF16Sum(
  encoded: readonly Uint8Array[],
  shares: readonly number[],
  count: number,
): Float64Array {
  const sum = new Float64Array(count);
  encoded.forEach((bytes, member) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let i = 0; i < count; i++) sum[i] += shares[member] * halfToNumber(view.getUint16(2 * i, true));
  });
  return sum;
}

/** IEEE half: sign, five bits of exponent (bias 15), ten of mantissa; finite ones only. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
