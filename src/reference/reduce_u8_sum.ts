/** Twin of kernels/reduce_u8_sum.wgsl over decoded words. encoded: scales, then bytes, per member → sum [count]. */
export function reduceU8Sum(
  encoded: readonly Uint8Array[],
  shares: readonly number[],
  count: number,
): Float64Array {
  const sum = new Float64Array(count);
  const blocks = Math.ceil(count / 1024);
  encoded.forEach((bytes, member) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let i = 0; i < count; i++) {
      const scale = view.getFloat32(4 * Math.floor(i / 1024), true);
      sum[i] += shares[member] * ((bytes[4 * blocks + i] - 128) * scale);
    }
  });
  return sum;
}
