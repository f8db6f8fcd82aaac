/** Twin of kernels/reduce_f32_sum.wgsl: little-endian f32 per member → sum [count]. */
export function reduceF32Sum(
  encoded: readonly Uint8Array[],
  shares: readonly number[],
  count: number,
): Float64Array {
  const sum = new Float64Array(count);
  encoded.forEach((bytes, member) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let i = 0; i < count; i++) sum[i] += shares[member] * view.getFloat32(4 * i, true);
  });
  return sum;
}
