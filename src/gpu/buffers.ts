/**
 * Device memory with explicit lifetimes. An arena owns every buffer it hands out and frees them together; nothing else
 * frees. Buffers start as zeros (WebGPU guarantees it). A `Binding` is a range of a buffer that a kernel sees.
 */
import { assert } from "../base/assert.ts";
import { gpuError } from "./errors.ts";

/** Tensors that are bound separately inside one buffer start at multiples of this: 64 f32 elements. */
export const BINDING_ALIGNMENT_BYTES = 256;

export interface BufferLimits {
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

export class GpuBuffer {
  constructor(readonly raw: GPUBuffer, readonly label: string, readonly byteLength: number) {}

  /** The range of `elements` 32-bit values from `offsetElements`, which must be a multiple of 64. */
  slice(offsetElements: number, elements: number): Binding {
    const offsetBytes = offsetElements * 4;
    assert(
      offsetBytes % BINDING_ALIGNMENT_BYTES === 0,
      `${this.label}: offset ${offsetBytes} is not aligned`,
    );
    assert(offsetBytes + elements * 4 <= this.byteLength, `${this.label}: slice past the end`);
    return { buffer: this, offsetBytes, byteLength: elements * 4 };
  }

  whole(): Binding {
    return { buffer: this, offsetBytes: 0, byteLength: this.byteLength };
  }
}

export interface Binding {
  readonly buffer: GpuBuffer;
  readonly offsetBytes: number;
  readonly byteLength: number;
}

export class BufferArena {
  #device: GPUDevice;
  #limits: BufferLimits;
  #buffers: GpuBuffer[] = [];
  #name: string;

  constructor(name: string, device: GPUDevice, limits: BufferLimits) {
    this.#name = name;
    this.#device = device;
    this.#limits = limits;
  }

  /** @throws `gpu/too-large` when the adapter cannot hold or bind a buffer of this size */
  allocate(label: string, elements: number, usage: "storage" | "uniform" = "storage"): GpuBuffer {
    const byteLength = Math.max(16, Math.ceil(elements / 4) * 16);
    const limitBytes = this.#limits.maxBufferBytes;
    if (byteLength > limitBytes) {
      throw gpuError(
        "gpu/too-large",
        `allocate ${this.#name}/${label}: ${byteLength} bytes, the adapter allows ${limitBytes}, ` +
          "use a smaller preset or batch, or another GPU",
        { label, bytes: byteLength, limitBytes },
      );
    }
    const kind = usage === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const raw = this.#device.createBuffer({
      label: `${this.#name}/${label}`,
      size: byteLength,
      usage: kind | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    const buffer = new GpuBuffer(raw, label, byteLength);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Bytes held now. */
  get heldBytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  /** Frees every buffer of the arena. The arena may be used again. */
  destroy(): void {
    for (const buffer of this.#buffers) buffer.raw.destroy();
    this.#buffers = [];
  }
}
