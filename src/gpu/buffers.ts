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
  readonly #raw: GPUBuffer | undefined;

  /** @param raw undefined for a buffer that is planned and not allocated (memory_ledger.ts) */
  constructor(
    raw: GPUBuffer | undefined,
    readonly label: string,
    readonly byteLength: number,
    readonly type: ElementType,
  ) {
    this.#raw = raw;
  }

  get raw(): GPUBuffer {
    assert(this.#raw !== undefined, `${this.label}: planned, not allocated`);
    return this.#raw;
  }

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
export interface Allocator {
  /** @throws `gpu/too-large` when the adapter cannot hold a buffer of this size */
  allocate(label: string, elements: number, options?: AllocateOptions): GpuBuffer;
}

export interface ArenaOptions {
  /** The adapter's by default. */
  readonly limits?: BufferLimits;
  /**
   * Told when the device has no memory for a buffer, some time after `allocate` returned it; before `settled` resolves. By
   * default that is a fault of the device, which the next read throws.
   */
  readonly onOutOfMemory?: (failure: AllocationFailure) => void;
}

export interface AllocationFailure {
  readonly label: string;
  readonly bytes: number;
  /** What the arena held before. */
  readonly heldBytes: number;
  readonly message: string;
}

/**
 * Bytes of a buffer of `elements`.
 * @throws `gpu/too-large`
 */
export function bufferBytes(
  label: string,
  elements: number,
  type: ElementType,
  { maxBufferBytes: limitBytes }: BufferLimits,
): number {
  const bytes = Math.max(16, Math.ceil(elements * ELEMENT_BYTES[type] / 16) * 16);
  if (bytes <= limitBytes) return bytes;
  throw gpuError(
    "gpu/too-large",
    `allocate ${label}: ${bytes} bytes, the adapter allows ${limitBytes}, ` +
      "use a smaller preset or batch, or another GPU",
    { label, bytes, limitBytes },
  );
}

export class BufferArena implements Allocator {
  #device: GPUDevice;
  #limits: BufferLimits;
  #buffers: GpuBuffer[] = [];
  #heldBytes = 0;
  #name: string;
  #onOutOfMemory: (failure: AllocationFailure) => void;
  #outcomes: Promise<void>[] = [];

  constructor(
    name: string,
    device: GPUDevice,
    { limits, onOutOfMemory }: Required<ArenaOptions>,
  ) {
    this.#name = name;
    this.#device = device;
    this.#limits = limits;
    this.#onOutOfMemory = onOutOfMemory;
  }

  /** @throws `gpu/too-large` when the adapter cannot hold a buffer of this size */
  allocate(
    label: string,
    elements: number,
    { type = "f32", usage = "storage" }: AllocateOptions = {},
  ): GpuBuffer {
    const byteLength = bufferBytes(`${this.#name}/${label}`, elements, type, this.#limits);
    const kind = usage === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    this.#device.pushErrorScope("out-of-memory");
    const raw = this.#device.createBuffer({
      label: `${this.#name}/${label}`,
      size: byteLength,
      usage: kind | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    const heldBytes = this.#heldBytes;
    this.#outcomes.push(
      this.#device.popErrorScope().then((error) => {
        if (error === null) return;
        this.#onOutOfMemory({ label, bytes: byteLength, heldBytes, message: error.message });
      }, () => {}),
    ); // A scope cannot be popped from a lost device, which says so itself.
    const buffer = new GpuBuffer(raw, label, byteLength, type);
    this.#buffers.push(buffer);
    this.#heldBytes += byteLength;
    return buffer;
  }

  /** Resolves when the device has said of every buffer so far whether it has the memory. */
  async settled(): Promise<void> {
    await Promise.all(this.#outcomes);
    this.#outcomes = [];
  }

  /** Bytes held now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Frees every buffer of the arena. The arena may be used again. */
  destroy(): void {
    for (const buffer of this.#buffers) buffer.raw.destroy();
    this.#buffers = [];
    this.#heldBytes = 0;
  }
}
