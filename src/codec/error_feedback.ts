/**
 * What a lossy codec left out of one round is sent in a later one (Seide et al. 2014; with decay in SparseLoCo):
 *
 *   values = fround(fround(decay · e) + Δ)      what the round is given
 *   e      = fround(values − decode(encode(values)))      once it was committed with our part in it
 *
 * A round that came to nothing, or was decided without us, leaves e as it was. What was encoded depends on where the
 * round's plan cut the chunks, so e is computed from the plan of the committed certificate's origin.
 */
import { assert } from "../base/assert.ts";
import type { Codec } from "./codec.ts";

/** A chunk of the plan. */
export interface ElementRange {
  readonly startElement: number;
  readonly elements: number;
}

/** decay · residual + Δ. @returns [n], a new array */
export function withResidual(residual: Float32Array, delta: Float32Array, decay: number) {
  assert(residual.length === delta.length, "error feedback: residual as long as the pseudo-gradient");
  const values = new Float32Array(delta.length);
  for (let i = 0; i < values.length; i++) values[i] = Math.fround(decay * residual[i]) + delta[i];
  return values;
}

/**
 * What encoding `values` chunk by chunk leaves out. @returns [n], a new array
 * @throws as `encode` of the codec
 */
export function leftOut(
  codec: Codec,
  values: Float32Array,
  chunks: Iterable<ElementRange>,
): Float32Array<ArrayBuffer> {
  const residual = values.slice();
  for (const { startElement, elements } of chunks) {
    const rest = residual.subarray(startElement, startElement + elements);
    codec.accumulate(codec.encode(rest), -1, rest);
  }
  return residual;
}
