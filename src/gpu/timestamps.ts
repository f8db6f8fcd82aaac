/**
 * Pairs of device timestamps, written at the beginning and the end of compute passes and read back together. WebGPU has no
 * way to write one between the dispatches of a pass (wgpu's inside-passes feature can be granted, but Deno's encoder has
 * no method for it), so what is timed alone has to be a pass of its own. Measured on llvmpipe: the durations add up to the
 * host's time, and the gap between two passes is 20 to 80 µs. Browsers round to 100 µs by default.
 */
import { assert } from "../base/assert.ts";

/** WebGPU allows 4096 queries in a set. */
export const MAX_TIMESTAMP_PAIRS = 2048;

export class TimestampPairs {
  readonly capacity: number;
  #querySet: GPUQuerySet;
  #resolved: GPUBuffer;
  #staging: GPUBuffer;

  constructor(device: GPUDevice, capacity: number) {
    assert(capacity > 0 && capacity <= MAX_TIMESTAMP_PAIRS, `${capacity} pairs of timestamps`);
    this.capacity = capacity;
    this.#querySet = device.createQuerySet({ type: "timestamp", count: 2 * capacity });
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#resolved = device.createBuffer({ size: 16 * capacity, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ size: 16 * capacity, usage: MAP_READ | COPY_DST });
  }

  /** For the descriptor of the pass that pair `index` times. */
  writes(index: number): GPUComputePassTimestampWrites {
    return {
      querySet: this.#querySet,
      beginningOfPassWriteIndex: 2 * index,
      endOfPassWriteIndex: 2 * index + 1,
    };
  }

  /** Encodes the way of the first `count` pairs to the host; after the passes, once before each `read`. */
  resolve(encoder: GPUCommandEncoder, count: number): void {
    encoder.resolveQuerySet(this.#querySet, 0, 2 * count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16 * count);
  }

  /** Nanoseconds of the device's clock: [beginning, end] of each of `count` pairs, when the submission is done. */
  async read(count: number): Promise<BigUint64Array> {
    await this.#staging.mapAsync(GPUMapMode.READ, 0, 16 * count);
    const values = new BigUint64Array(this.#staging.getMappedRange(0, 16 * count).slice(0));
    this.#staging.unmap();
    return values;
  }

  destroy(): void {
    this.#querySet.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
