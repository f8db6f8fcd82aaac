/** anchor − local: what an outer optimiser that descends takes for a gradient. */
import { assert } from "../base/assert.ts";

/**
 * @param anchor θₛ [n]
 * @param local [n], after the inner steps
 * @returns [n], a new array; NaN where local is, which the codec refuses
 */
export function pseudoGradient(anchor: Float32Array, local: Float32Array): Float32Array<ArrayBuffer> {
  assert(anchor.length === local.length, "pseudo-gradient: anchor as long as local");
  const result = new Float32Array(anchor.length);
  for (let i = 0; i < result.length; i++) result[i] = anchor[i] - local[i];
  return result;
}
