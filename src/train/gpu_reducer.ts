/**
 * Reduces u8 blockwise chunks on the GPU: decode, weighted sum, re-encode (kernels/reduce_u8_*). Only the reducer of a span
 * computes this, and every member takes its bytes as they are; so it need not equal the CPU's bit for bit. It differs by the
 * order of f32 operations and the device's division: scales by a few units in the last place, bytes by at most one
 * quantisation step. Buffers grow to the largest chunk and member count seen; the same sizes allocate nothing.
 */
import type { ChunkReducer, WeightedChunk } from "../codec/codec.ts";
import { normalisedShares } from "../codec/cpu_reducer.ts";
import { blockCount, u8Blockwise } from "../codec/u8_blockwise.ts";
import { assert } from "../base/assert.ts";
import type { BufferArena, DispatchPlan, Gpu, GpuBuffer } from "../gpu/mod.ts";

interface Capacity {
  readonly elements: number;
  readonly members: number;
  readonly shape: GpuBuffer;
  readonly encoded: GpuBuffer;
  readonly weights: GpuBuffer;
  readonly sum: GpuBuffer;
  readonly result: GpuBuffer;
}

export class GpuU8Reducer implements ChunkReducer {
  #gpu: Gpu;
  #arena: BufferArena;
  #capacity: Capacity | undefined;
  #plans = new Map<number, DispatchPlan>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#arena = gpu.arena("reducer");
  }

  /**
   * encode(Σ wᵢ·decode(xᵢ) / Σ wᵢ). Calls run one after another.
   * @throws `codec/size`, `codec/non-finite` on a malformed input, `codec/weights` when weights do not sum above zero
   */
  reduce(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = this.#queue.then(() => this.#reduceNow(inputs, elements));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Frees the device memory; the Gpu stays open. */
  destroy(): void {
    this.#arena.destroy();
    this.#capacity = undefined;
    this.#plans.clear();
  }

  async #reduceNow(inputs: readonly WeightedChunk[], elements: number): Promise<Uint8Array<ArrayBuffer>> {
    assert(Number.isSafeInteger(elements) && elements >= 0, `reduce ${elements} elements`);
    const weights = Float32Array.from(normalisedShares(inputs.map(({ weight }) => weight)));
    for (const { encoded } of inputs) u8Blockwise.check(encoded, elements);
    if (elements === 0) return new Uint8Array(0);
    const capacity = this.#reserve(elements, inputs.length);
    const blocks = blockCount(elements);
    const stride = blocks + Math.ceil(elements / 4);
    this.#gpu.write(capacity.shape, new Uint32Array([elements, inputs.length, stride, blocks]));
    this.#gpu.write(capacity.weights, weights);
    const padded = new Uint32Array(stride);
    const bytes = new Uint8Array(padded.buffer);
    for (let member = 0; member < inputs.length; member++) {
      bytes.set(inputs[member].encoded);
      this.#gpu.write(capacity.encoded, padded, member * stride * 4);
    }
    this.#gpu.submit(this.#planFor(elements, capacity));
    const result = await this.#gpu.read(capacity.result.slice(0, stride));
    return new Uint8Array(result).slice(0, u8Blockwise.encodedBytes(elements));
  }

  #planFor(elements: number, { shape, encoded, weights, sum, result }: Capacity): DispatchPlan {
    let plan = this.#plans.get(elements);
    if (plan === undefined) {
      const words = Math.ceil(elements / 4);
      const [s, e, w, x, r] = [shape, encoded, weights, sum, result].map((buffer) => buffer.whole());
      plan = this.#gpu.plan()
        .add("reduce_u8_sum", {}, [s, e, w, x], words)
        .add("reduce_u8_scale", {}, [s, x, r], blockCount(elements))
        .add("reduce_u8_encode", {}, [s, x, r], words);
      this.#plans.set(elements, plan);
    }
    return plan;
  }

  #reserve(elements: number, members: number): Capacity {
    const held = this.#capacity;
    if (held !== undefined && held.elements >= elements && held.members >= members) return held;
    this.destroy();
    const capacity = {
      elements: Math.max(elements, held?.elements ?? 0),
      members: Math.max(members, held?.members ?? 0),
    };
    const stride = blockCount(capacity.elements) + Math.ceil(capacity.elements / 4);
    this.#capacity = {
      ...capacity,
      shape: this.#arena.allocate("shape", 4, "uniform"),
      encoded: this.#arena.allocate("encoded", capacity.members * stride),
      weights: this.#arena.allocate("weights", capacity.members),
      sum: this.#arena.allocate("sum", Math.ceil(capacity.elements / 4) * 4),
      result: this.#arena.allocate("result", stride),
    };
    return this.#capacity;
  }
}
