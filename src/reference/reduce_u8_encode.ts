import type { Values } from "./values.ts";

/** Twin of kernels/reduce_u8_encode.wgsl: sum [count] and scales [⌈count/1024⌉] → bytes [count]. */
export function reduceU8Encode(sum: Values, scales: Values): Uint8Array {
  return Uint8Array.from(sum, (x, i) => {
    const scale = scales[Math.floor(i / 1024)];
    if (scale === 0) return 128;
    return Math.min(127, Math.max(-127, roundHalfEven(x / scale))) + 128;
  });
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
