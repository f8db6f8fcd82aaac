/**
 * The chunk reduction on the CPU, for the simulator and as the twin of the GPU's.
 *
 *   shareᵢ = fround(wᵢ / Σ w)            Σ in f64
 *   sum    = fround(sum + fround(shareᵢ · decode(xᵢ)))   in the order given, from 0
 *   result = encode(sum)
 *
 * The reducer of a span is one member, and its bytes are what everybody applies, so two reducers need not round
 * alike; an auditor that recomputes the sum allows one quantisation step.
 */
import { assert } from "../base/assert.ts";
import type { ChunkReducer, Codec, WeightedChunk } from "./codec.ts";
import { CodecError } from "./errors.ts";

export class CpuReducer implements ChunkReducer {
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** @throws {CodecError} `codec/weights`, and what the codec throws on a malformed input */
  async reduce(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    assert(Number.isSafeInteger(elements) && elements >= 0, "reduce: elements is a count");
    const shares = normalisedShares(inputs.map((input) => input.weight));
    const sum = new Float32Array(elements);
    for (let i = 0; i < inputs.length; i++) {
      // Decoded even when its share is 0, so that garbage is refused whatever it weighs.
      const values = this.#codec.decode(inputs[i].encoded, elements);
      if (shares[i] > 0) accumulate(sum, values, shares[i]);
    }
    return this.#codec.encode(sum);
  }
}

function accumulate(sum: Float32Array, values: Float32Array, share: number): void {
  for (let e = 0; e < sum.length; e++) sum[e] += Math.fround(share * values[e]);
}

/** wᵢ / Σ w as f32. @throws {CodecError} `codec/weights` on a negative or non-finite weight, or a sum of 0 */
export function normalisedShares(weights: readonly number[]): number[] {
  let total = 0;
  for (const weight of weights) {
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new CodecError(
        "codec/weights",
        `reduce chunk: weight ${weight}, finite and not negative required`,
      );
    }
    total += weight;
  }
  if (!(total > 0 && Number.isFinite(total))) {
    throw new CodecError("codec/weights", `reduce chunk: weights sum to ${total}, more than 0 required`);
  }
  return weights.map((weight) => Math.fround(weight / total));
}
