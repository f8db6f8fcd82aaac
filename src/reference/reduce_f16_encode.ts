import type { Values } from "./values.ts";

/** Twin of kernels/reduce_f16_encode.wgsl: sum [count] → halves [count], nearest, ties to even. */
export function reduceF16Encode(sum: Values): Uint16Array {
  return Uint16Array.from(sum, (x) => {
    const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(x);
    if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
    // magnitude = (1024 + mantissa) · 2^(exponent - 25); a mantissa that rounds up to 1024 carries into the exponent.
    const exponent = Math.floor(Math.log2(magnitude)) + 15;
    return sign | Math.min(0x7c00, (exponent << 10) + roundHalfEven(magnitude * 2 ** (25 - exponent)) - 1024);
  });
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
