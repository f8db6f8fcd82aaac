/**
 * Reduces the chunks of any dense codec on the GPU: decode, weigh, sum, re-encode (kernels/reduce_*). Only the reducer of a
 * span computes this, and every member takes its bytes as they are; so it need not equal the CPU's bit for bit. It
 * differs by the order of f32 operations and the device's division: scales by a few units in the last place, codes by at
 * most one quantisation step. Buffers grow to the largest chunk and member count seen; the same sizes allocate nothing.
 *
 *   mean      sum over members, encode
 *   clip      each member alone → squared norms → read back → weights times their clip factors → mean
 *   trim      each member alone, times its clip factor → rows → trimmed mean → encode; no run does (docs/wire.md)
 */
import { assert } from "../base/assert.ts";
import type { ChunkReducer, Codec, WeightedChunk } from "../codec/codec.ts";
import { CpuReducer, normalisedShares } from "../codec/cpu_reducer.ts";
import { clipFactors, dropCount, type RobustOptions } from "../codec/robust_mean.ts";
import type { Gpu } from "../gpu/mod.ts";
import { type ChunkForm, chunkForm } from "./chunk_form.ts";
import { ReductionBuffers } from "./reduction_buffers.ts";

/**
 * The reducer of a run. Sparse chunks are reduced on the CPU: they are 146 times smaller than what a GPU would have to be
 * given back, and adding up a few entries costs less than reading a sum of all elements.
 */
export function chunkReducer(gpu: Gpu, codec: Codec, options: RobustOptions = {}) {
  const form = chunkForm(codec);
  if (form !== undefined) return new GpuReducer(gpu, codec, form, options);
  return Object.assign(new CpuReducer(codec, options), { destroy: () => {} });
}

export class GpuReducer implements ChunkReducer {
  readonly #gpu: Gpu;
  readonly #codec: Codec;
  readonly #form: ChunkForm;
  readonly #options: RobustOptions;
  readonly #buffers: ReductionBuffers;
  readonly #cpu: CpuReducer;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu, codec: Codec, form: ChunkForm, options: RobustOptions = {}) {
    this.#gpu = gpu;
    this.#codec = codec;
    this.#form = form;
    this.#options = options;
    this.#buffers = new ReductionBuffers(gpu, form);
    this.#cpu = new CpuReducer(codec, options);
  }

  /**
   * encode(Σ wᵢ·decode(xᵢ) / Σ wᵢ), or the robust mean of the options. Calls run one after another.
   * @throws what the codec throws on a malformed input, `codec/weights` when weights do not sum above zero
   */
  reduce(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = this.#queue.then(() => this.#reduceNow(inputs, elements));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Frees the device memory; the Gpu stays open. */
  destroy(): void {
    this.#buffers.destroy();
  }

  async #reduceNow(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    assert(Number.isSafeInteger(elements) && elements >= 0, `reduce ${elements} elements`);
    const shares = normalisedShares(inputs.map(({ weight }) => weight));
    for (const { encoded } of inputs) this.#codec.check(encoded, elements);
    if (elements === 0) return new Uint8Array(0);
    const chunks = inputs.filter((_, i) => shares[i] > 0).map(({ encoded }) => encoded);
    const weights = shares.filter((share) => share > 0);
    const { clip, trim } = this.#options;
    // Rows of a large group may be more than the adapter can bind.
    if (trim && !this.#buffers.canHoldRows(elements, chunks.length)) {
      return this.#cpu.reduce(inputs, elements);
    }
    this.#buffers.load(chunks, elements, trim ? chunks.length : 0);
    const factors = clip ? clipFactors(await this.#squaredNorms(chunks.length)) : weights.map(() => 1);
    if (trim) this.#trimmedMean(weights, factors, trim);
    else {
      this.#buffers.writeWeights(weights.map((share, member) => share * factors[member]));
      this.#gpu.submit(this.#buffers.sumPlan(), this.#buffers.encodePlan());
    }
    const result = await this.#gpu.read(this.#buffers.result());
    return new Uint8Array(result).slice(0, this.#codec.result.encodedBytes(elements));
  }

  async #squaredNorms(members: number): Promise<number[]> {
    const indices = Array.from({ length: members }, (_, member) => member);
    this.#buffers.writeFactors(indices.map(() => 1));
    this.#gpu.submit(...indices.map((member) => this.#buffers.normPlan(member)));
    const partials = await this.#gpu.readF32(this.#buffers.partials(members));
    const each = partials.length / members;
    return indices.map((member) =>
      partials.subarray(member * each, (member + 1) * each).reduce((sum, x) => sum + x, 0)
    );
  }

  #trimmedMean(weights: readonly number[], factors: readonly number[], trim: number): void {
    this.#buffers.writeFactors(factors);
    this.#buffers.writeWeights(weights);
    this.#buffers.writeTrim(weights.length, dropCount(weights.length, trim));
    this.#gpu.submit(
      ...weights.map((_, member) => this.#buffers.rowPlan(member)),
      this.#buffers.trimPlan(),
      this.#buffers.encodePlan(),
    );
  }
}
