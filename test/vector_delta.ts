/** How far one vector is from another. */
export interface VectorDelta {
  /** Largest |a - b| of an element. */
  readonly absolute: number;
  /** ‖a - b‖₂ / ‖b‖₂. */
  readonly relative: number;
  /** 1 - cos(a, b), rounded off at f64's noise. */
  readonly angle: number;
}

/** NaN in either, or an element that `a` lacks, makes the delta NaN, which is not within any bound. */
export function vectorDelta(a: ArrayLike<number>, b: ArrayLike<number>): VectorDelta {
  let [absolute, apart, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    const delta = a[i] - b[i];
    absolute = Math.max(absolute, Math.abs(delta));
    apart += delta * delta;
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  return { absolute, relative: Math.sqrt(apart / bb), angle: 1 - ab / Math.sqrt(aa * bb) };
}
