/** Twin of kernels/reduce_i4_sum.wgsl. encoded: scales, then codes, two a byte, per member → sum [count]. */
export function reduceI4Sum(
  encoded: readonly Uint8Array[],
  shares: readonly number[],
  count: number,
): Float64Array {
  const sum = new Float64Array(count);
  const blocks = Math.ceil(count / 256);
  encoded.forEach((bytes, member) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let i = 0; i < count; i++) {
      const scale = view.getFloat32(4 * Math.floor(i / 256), true);
      const pair = bytes[4 * blocks + Math.floor(i / 2)];
      const code = i % 2 === 0 ? pair % 16 : Math.floor(pair / 16);
      sum[i] += shares[member] * ((code - 8) * scale);
    }
  });
  return sum;
}
