import type { Values } from "./values.ts";

/** Twin of kernels/reduce_u8_scale.wgsl: sum [count] → scales [⌈count/1024⌉], zero below 2⁻¹²⁶. */
export function reduceU8Scale(sum: Values): Float64Array {
  return Float64Array.from({ length: Math.ceil(sum.length / 1024) }, (_, block) => {
    let largest = 0;
    for (const x of sum.subarray(block * 1024, (block + 1) * 1024)) largest = Math.max(largest, Math.abs(x));
    const scale = largest / 127;
    return scale < 2 ** -126 ? 0 : scale;
  });
}
