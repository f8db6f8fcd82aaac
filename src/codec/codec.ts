/**
 * A codec turns a run of f32 elements into bytes for the wire and back. Encodings are chunk-local: any chunk can be
 * decoded alone. `decode` is plain IEEE f32 arithmetic, so the same bytes give the same bits on every machine.
 */
export interface Codec {
  /** Name on the wire: "f32", "f16", "u8", "i4", "sparse". */
  readonly name: string;
  /** Size of `elements` encoded values; of an encoding of variable size, the largest. */
  encodedBytes(elements: number): number;
  /**
   * @param into of `encodedBytes`: filled and returned by codecs that can; the others return a new array, as all do without
   * @throws {SkeinError} `codec/non-finite` when a value is NaN or infinite, `codec/range` when it cannot be held
   */
  encode(values: Float32Array, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** @throws {SkeinError} `codec/size`, `codec/non-finite`, `codec/malformed` on bytes that no encoder makes */
  decode(encoded: Uint8Array, elements: number): Float32Array<ArrayBuffer>;
  /** Fills all of `values`; what it holds after a throw is undefined. @throws as `decode` */
  decodeInto(encoded: Uint8Array, values: Float32Array): void;
  /** Adds fround(share · decode(encoded)), `share` an f32, to `sum` [elements]. @throws as `decode`; what `sum` holds then is undefined */
  accumulate(encoded: Uint8Array, share: number, sum: Float32Array): void;
  /**
   * Only of codecs whose encodings leave elements out, whose mean is over those who named an element: adds `share` to
   * `covered` [elements] where an element is named. Of bytes that `accumulate` has taken.
   */
  cover?(encoded: Uint8Array, share: number, covered: Float32Array): void;
  /**
   * Only of codecs that do it in one pass over the elements: `result.encode` of what `accumulate`, encoding after
   * encoding, makes of zeros, the same bytes. @param into as in `encode` @throws as these
   */
  mean?(
    encodings: readonly Uint8Array[],
    shares: readonly number[],
    elements: number,
    into?: Uint8Array<ArrayBuffer>,
  ): Uint8Array<ArrayBuffer>;
  /** Whether `decode` would accept the bytes, at the least cost that tells. @throws as `decode` */
  check(encoded: Uint8Array, elements: number): void;
  /** How the mean of several members' values travels: itself, unless the mean is of another kind than its inputs. */
  readonly result: Codec;
}

/** One member's contribution to a chunk. */
export interface WeightedChunk {
  readonly encoded: Uint8Array;
  /** Not negative, finite; the sum over members is above zero. */
  readonly weight: number;
}

/**
 * Decodes, weights, sums and re-encodes one chunk: encode(Σ wᵢ·decode(xᵢ) / Σ wᵢ). On the GPU in nodes
 * (`src/train`), on the CPU in the simulator.
 */
export interface ChunkReducer {
  /** @param into of the result's `encodedBytes`: filled and returned by those that can; others return a new array */
  reduce(
    inputs: readonly WeightedChunk[],
    elements: number,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
