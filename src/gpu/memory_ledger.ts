/**
 * An arena without a device: code that lays out memory runs over it and every buffer is written down instead of allocated.
 * What it says is therefore exactly what the same code will hold; its buffers cannot be used for anything else.
 */
import {
  type AllocateOptions,
  type Allocator,
  bufferBytes,
  type BufferLimits,
  GpuBuffer,
} from "./buffers.ts";

export class MemoryLedger implements Allocator {
  readonly #name: string;
  readonly #limits: BufferLimits;
  readonly #buffers: GpuBuffer[] = [];

  constructor(name: string, limits: BufferLimits) {
    this.#name = name;
    this.#limits = limits;
  }

  /** @throws `gpu/too-large` as an arena would */
  allocate(label: string, elements: number, { type = "f32" }: AllocateOptions = {}): GpuBuffer {
    const byteLength = bufferBytes(`${this.#name}/${label}`, elements, type, this.#limits);
    const buffer = new GpuBuffer(undefined, label, byteLength, type);
    this.#buffers.push(buffer);
    return buffer;
  }

  get buffers(): readonly GpuBuffer[] {
    return this.#buffers;
  }

  get heldBytes(): number {
    return this.#buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}
