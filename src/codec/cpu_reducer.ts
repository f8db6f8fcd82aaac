/**
 * The chunk reduction on the CPU: in the simulator, where encodings are too sparse for a GPU to pay, and as the twin of
 * the GPU's.
 *
 *   shareᵢ = fround(wᵢ / Σ w)            Σ in f64
 *   sum    = fround(sum + fround(shareᵢ · decode(xᵢ)))   in the order given, from 0
 *   result = encode(sum)
 *
 * Where encodings leave elements out, an element is divided by the shares of those who named it. Two defences against a
 * member that lies (robust_mean.ts): shares of large contributions are clipped, or the extremes of each element dropped.
 *
 * The reducer of a span is one member, and its bytes are what everybody applies, so two reducers need not round
 * alike; an auditor that recomputes the sum allows one quantisation step.
 */
import { assert } from "../base/assert.ts";
import type { ChunkReducer, Codec, WeightedChunk } from "./codec.ts";
import { CodecError } from "./errors.ts";
import { clipFactors, type RobustOptions, squaredNorm, trimmedMean } from "./robust_mean.ts";

export class CpuReducer implements ChunkReducer {
  readonly #codec: Codec;
  readonly #options: RobustOptions;

  constructor(codec: Codec, options: RobustOptions = {}) {
    assert(
      codec.cover === undefined || !options.trim,
      `${codec.name}: too few name an element to drop the extremes`,
    );
    this.#codec = codec;
    this.#options = options;
  }

  /** @throws {CodecError} `codec/weights`, and what the codec throws on a malformed input */
  async reduce(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    assert(Number.isSafeInteger(elements) && elements >= 0, "reduce: elements is a count");
    const shares = normalisedShares(inputs.map((input) => input.weight));
    const { clip, trim } = this.#options;
    if (!clip && !trim) return this.#codec.result.encode(this.#mean(inputs, shares, shares, elements));
    const rows = inputs.map(({ encoded }) => this.#codec.decode(encoded, elements));
    const factors = clip ? clipFactors(rows.map(squaredNorm)) : rows.map(() => 1);
    const scaled = shares.map((share, i) => Math.fround(share * factors[i]));
    const mean = trim
      ? trimmedMean(rows, shares, factors, trim)
      : this.#mean(inputs, scaled, shares, elements);
    return this.#codec.result.encode(mean);
  }

  /** @param scaled what a contribution is multiplied by @param shares what it counts as */
  #mean(
    inputs: readonly WeightedChunk[],
    scaled: readonly number[],
    shares: readonly number[],
    elements: number,
  ): Float32Array {
    const sum = new Float32Array(elements);
    const covered = this.#codec.cover ? new Float32Array(elements) : undefined;
    inputs.forEach(({ encoded }, i) => {
      // Checked even when its share is 0, so that garbage is refused whatever it weighs.
      if (shares[i] === 0) this.#codec.check(encoded, elements);
      else this.#codec.accumulate(encoded, scaled[i], sum);
      if (covered !== undefined) this.#codec.cover!(encoded, shares[i], covered);
    });
    if (covered !== undefined) {
      for (let e = 0; e < elements; e++) if (covered[e] > 0) sum[e] /= covered[e];
    }
    return sum;
  }
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
