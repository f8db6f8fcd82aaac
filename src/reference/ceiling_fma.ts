/** Twin of kernels/ceiling_fma.wgsl. @returns [count] */
export function ceilingFma(count: number, steps: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let lane = 0; lane < 4; lane++) {
      const a = [0.875, 0.75, 0.625, 0.5][lane];
      const b = (i % 64) / 64 + lane;
      for (let chain = 0; chain < 3; chain++) {
        let s = b + chain;
        for (let step = 0; step < 4 * steps; step++) s = s * a + b;
        sum += s;
      }
    }
    return sum;
  });
}
