/**
 * Copies device memory to where the host can map it. The copy is submitted at once, so later work may overwrite the source
 * while the host still waits for its bytes. Mappable buffers are kept for the next reads; large ones only one at a time.
 */
import type { Binding } from "./buffers.ts";

const SMALLEST_BYTES = 4096;
/** Buffers up to this are kept as many as were ever in use at once. */
const SMALL_BYTES = 1 << 20;

export class ReadBack {
  #device: GPUDevice;
  #free: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** @throws what mapAsync does, when the device is lost or destroyed */
  async copy({ buffer, offsetBytes, byteLength }: Binding): Promise<ArrayBuffer> {
    const staging = this.#take(byteLength);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer.raw, offsetBytes, staging, 0, byteLength);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ, 0, byteLength);
    const bytes = staging.getMappedRange(0, byteLength).slice(0);
    staging.unmap();
    this.#give(staging);
    return bytes;
  }

  /** Frees what is kept. Copies under way fail with the device. */
  destroy(): void {
    for (const staging of this.#free) staging.destroy();
    this.#free = [];
  }

  /** The smallest that is free and large enough, or a new one. */
  #take(byteLength: number): GPUBuffer {
    const index = this.#free.findIndex(({ size }) => size >= byteLength);
    if (index >= 0) return this.#free.splice(index, 1)[0];
    let size = SMALLEST_BYTES;
    while (size < byteLength) size *= 2;
    return this.#device.createBuffer({
      label: "read-back",
      size: Math.min(size, this.#device.limits.maxBufferSize),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }

  #give(staging: GPUBuffer): void {
    this.#free.push(staging);
    this.#free.sort((a, b) => a.size - b.size);
    const large = this.#free.filter(({ size }) => size > SMALL_BYTES);
    for (const surplus of large.slice(0, -1)) surplus.destroy();
    this.#free = this.#free.filter((kept) => kept.size <= SMALL_BYTES || kept === large.at(-1));
  }
}
