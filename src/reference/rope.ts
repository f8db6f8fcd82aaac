import type { Values } from "./values.ts";

export interface RopeShape {
  readonly context: number;
  readonly heads: number;
  readonly headSize: number;
}

/** Twin of kernels/rope.wgsl: x [rows, heads, headSize], table [context, headSize/2, 2] → rotated x. */
export function rope(
  x: Values,
  table: Values,
  { context, heads, headSize }: RopeShape,
  inverse = false,
): Float64Array {
  const y = new Float64Array(x.length);
  const half = headSize / 2;
  for (let row = 0; row < x.length / (heads * headSize); row++) {
    for (let head = 0; head < heads; head++) {
      for (let p = 0; p < half; p++) {
        const at = (row * heads + head) * headSize + p;
        const turn = 2 * ((row % context) * half + p);
        const [cos, sin] = [table[turn], inverse ? -table[turn + 1] : table[turn + 1]];
        y[at] = x[at] * cos - x[at + half] * sin;
        y[at + half] = x[at + half] * cos + x[at] * sin;
      }
    }
  }
  return y;
}
