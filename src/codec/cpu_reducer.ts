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
  async reduce(
    inputs: readonly WeightedChunk[],
    elements: number,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    assert(Number.isSafeInteger(elements) && elements >= 0, "reduce: elements is a count");
    const shares = normalisedShares(inputs.map((input) => input.weight));
    // Garbage is refused whatever it weighs: decoding finds the rest of it. Those that weigh nothing are nobody.
    inputs.forEach(({ encoded }, i) => {
      if (shares[i] === 0) this.#codec.check(encoded, elements);
    });
    const chunks = inputs.filter((_, i) => shares[i] > 0).map(({ encoded }) => encoded);
    const weights = shares.filter((share) => share > 0);
    const { clip, trim } = this.#options;
    const rows = clip || trim ? chunks.map((encoded) => this.#codec.decode(encoded, elements)) : [];
    const factors = clip ? clipFactors(rows.map(squaredNorm)) : weights.map(() => 1);
    if (trim) return this.#codec.result.encode(trimmedMean(rows, weights, factors, trim), into);
    const clipped = weights.map((share, i) => Math.fround(share * factors[i]));
    if (this.#codec.mean !== undefined) return this.#codec.mean(chunks, clipped, elements, into);
    return this.#codec.result.encode(this.#mean(chunks, weights, clipped, elements), into);
  }

  /** @param clipped shares times clip factors; without them an element's cover would shrink too */
  #mean(
    chunks: readonly Uint8Array[],
    shares: readonly number[],
    clipped: readonly number[],
    elements: number,
  ): Float32Array {
    const sum = new Float32Array(elements);
    chunks.forEach((encoded, i) => this.#codec.accumulate(encoded, clipped[i], sum));
    if (this.#codec.cover === undefined) return sum;
    const covered = new Float32Array(elements);
    chunks.forEach((encoded, i) => this.#codec.cover!(encoded, shares[i], covered));
    for (let e = 0; e < elements; e++) if (covered[e] > 0) sum[e] /= covered[e];
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
