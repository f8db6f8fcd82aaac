/**
 * Device memory with explicit lifetimes. An arena owns every buffer it hands out and frees them together; nothing else
 * frees. Buffers start as zeros (WebGPU guarantees it). A `Binding` is a range of a buffer that a kernel sees. Lengths and
 * offsets are counted in elements of the buffer's type; WebGPU wants whole words, so an odd count of halves takes one more.
 */
import { assert } from "../base/assert.ts";
import { gpuError } from "./errors.ts";
import { ELEMENT_BYTES, type ElementType } from "./precision.ts";

/** Tensors that are bound separately inside one buffer start at multiples of this: 64 f32 elements, 128 of f16. */
export const BINDING_ALIGNMENT_BYTES = 256;

export interface BufferLimits {
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

export class GpuBuffer {
  constructor(
    readonly raw: GPUBuffer,
    readonly label: string,
    readonly byteLength: number,
    readonly type: ElementType,
  ) {}

  /** The range of `elements` values from `offsetElements`, which must be a multiple of 64, of 128 in f16. */
  slice(offsetElements: number, elements: number): Binding {
    const offsetBytes = offsetElements * ELEMENT_BYTES[this.type];
    const byteLength = Math.ceil(elements * ELEMENT_BYTES[this.type] / 4) * 4;
    assert(
      offsetBytes % BINDING_ALIGNMENT_BYTES === 0,
      `${this.label}: offset ${offsetBytes} is not aligned`,
    );
    assert(offsetBytes + byteLength <= this.byteLength, `${this.label}: slice past the end`);
    return { buffer: this, offsetBytes, byteLength, elements };
  }

  whole(): Binding {
    const elements = this.byteLength / ELEMENT_BYTES[this.type];
    return { buffer: this, offsetBytes: 0, byteLength: this.byteLength, elements };
  }
}

export interface Binding {
  readonly buffer: GpuBuffer;
  readonly offsetBytes: number;
  readonly byteLength: number;
  /** Of the buffer's type. */
  readonly elements: number;
}

export interface AllocateOptions {
  /** f32 by default; u32 and f32 differ in nothing but what they say to the reader. */
  readonly type?: ElementType;
  readonly usage?: "storage" | "uniform";
}

/** What code that lays out memory sees of an arena. */
export type Allocator = Pick<BufferArena, "allocate">;

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
  allocate(
    label: string,
    elements: number,
    { type = "f32", usage = "storage" }: AllocateOptions = {},
  ): GpuBuffer {
    const byteLength = Math.max(16, Math.ceil(elements * ELEMENT_BYTES[type] / 16) * 16);
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
    const buffer = new GpuBuffer(raw, label, byteLength, type);
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
