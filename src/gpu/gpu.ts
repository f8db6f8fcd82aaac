/**
 * One open WebGPU device: what the rooms above see of a GPU. Work is recorded into `DispatchPlan`s once and submitted many
 * times; results come back through `read`. Faults that the device reports on its own are kept and thrown by the
 * next `read`, so no result is ever returned that was computed after an unnoticed error.
 */
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import {
  type AllocationFailure,
  type ArenaOptions,
  type Binding,
  BufferArena,
  type BufferLimits,
  type GpuBuffer,
} from "./buffers.ts";
import type { BackendKind } from "./backend_kind.ts";
import { WANTED_LIMITS, type WantedFeature, type WantedLimit } from "./device_features.ts";
import { DispatchPlan } from "./dispatch_plan.ts";
import { gpuError } from "./errors.ts";
import { KernelLoader } from "./kernel_loader.ts";
import { ReadBack } from "./read_back.ts";
import type { Precision } from "./precision.ts";
import { Tuning } from "./tune_registry.ts";
import { Profile } from "./profile.ts";
import { Stopwatch } from "./stopwatch.ts";

const ERROR_KINDS = ["validation", "out-of-memory", "internal"] as const;

export interface AdapterFacts {
  readonly adapterName: string;
  readonly backendKind: BackendKind;
  /** As WebGPU says them: a name, a number in decimal, or empty. */
  readonly vendor: string;
  readonly architecture: string;
  /** Optional features that the device was opened with. */
  readonly features: readonly WantedFeature[];
  /** The smallest and the largest subgroup that a kernel may find itself in; zeros when the adapter does not say. */
  readonly subgroupSizes: readonly [number, number];
  /** Whether a kernel that uses subgroups must and may say `enable subgroups;`: Tint wants it, Naga refuses it. */
  readonly takesSubgroupsDirective: boolean;
  /** Of workgroup memory, and of invocations, that one workgroup may have. */
  readonly maxWorkgroupBytes: number;
  readonly maxWorkgroupInvocations: number;
}

export class Gpu {
  readonly facts: AdapterFacts;
  readonly limits: BufferLimits;
  /** Which kernels measuring chose for this device. */
  readonly tuning = new Tuning();
  /**
   * Invocations a workgroup. On a software adapter two vectors of eight lanes: enough to share uniform reads, few enough
   * that narrow tensors fill the lanes (measured on llvmpipe: 8, 16 and 64 differ by less than a tenth at width 256,
   * but at width 64 a workgroup of 64 leaves three quarters of its lanes idle).
   */
  readonly workgroupSize: number;
  #device: GPUDevice;
  #loader: KernelLoader;
  #fault: Error | undefined;
  #closed = false;
  #readBack: ReadBack;
  #lost: Promise<Error>;
  #profile: Profile | undefined;

  /**
   * Use `openDevice`. Takes ownership of `device`.
   * @param maxBindingBytes below the device's own
   */
  constructor(device: GPUDevice, facts: AdapterFacts, maxBindingBytes = Infinity) {
    this.#device = device;
    this.facts = facts;
    this.limits = {
      maxBufferBytes: device.limits.maxBufferSize,
      maxBindingBytes: Math.min(maxBindingBytes, device.limits.maxStorageBufferBindingSize),
    };
    this.workgroupSize = facts.backendKind === "software" ? 16 : 64;
    this.#loader = new KernelLoader(device, {
      workgroupSize: this.workgroupSize,
      takesSubgroupsDirective: facts.takesSubgroupsDirective,
    });
    this.#readBack = new ReadBack(device);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.#fault ??= gpuError("gpu/fault", `use ${this.adapterName}: ${error.message}`, {
        kind: error.constructor.name,
      });
    });
    this.#lost = device.lost.then((info) => {
      const error = gpuError(
        "gpu/device-lost",
        `use ${this.adapterName}: the device was lost (${info.message || info.reason}), ` +
          "restart the node, and look at the driver's log if it happens again",
        { reason: info.reason },
      );
      if (!this.#closed) this.#fault = error;
      return error;
    });
  }

  get adapterName(): string {
    return this.facts.adapterName;
  }

  get backendKind(): BackendKind {
    return this.facts.backendKind;
  }

  /** Whether the device was opened with this optional feature. */
  has(feature: WantedFeature): boolean {
    return this.facts.features.includes(feature);
  }

  /** As WebGPU names them, those that were asked for. */
  get deviceLimits(): Readonly<Record<WantedLimit, number>> {
    const entries = WANTED_LIMITS.map((name) => [name, this.#device.limits[name]]);
    return Object.fromEntries(entries) as Record<WantedLimit, number>;
  }

  /** Resolves with `gpu/device-lost` when the device goes away, and also after `close`. */
  get lost(): Promise<Error> {
    return this.#lost;
  }

  arena(name: string, options: ArenaOptions = {}): BufferArena {
    const onOutOfMemory = ({ label, bytes, heldBytes, message }: AllocationFailure) => {
      this.#fault ??= gpuError(
        "gpu/out-of-memory",
        `allocate ${name}/${label}: the device has no room for ${bytes} bytes beside ${heldBytes} (${message}), ` +
          "free the device's memory or use a larger one",
        { label, bytes, heldBytes },
      );
    };
    return new BufferArena(name, this.#device, { limits: this.limits, onOutOfMemory, ...options });
  }

  /**
   * An empty plan whose kernels store activations in `precision`.
   * @throws `gpu/no-f16`
   */
  plan(precision: Precision = "f32"): DispatchPlan {
    if (precision === "f16" && !this.has("shader-f16")) {
      throw gpuError(
        "gpu/no-f16",
        `plan in f16: ${this.adapterName} has no shader-f16, which is required, use precision f32`,
        { adapter: this.adapterName },
      );
    }
    const { facts: adapter, workgroupSize, limits: { maxBindingBytes } } = this;
    return new DispatchPlan(this.#device, this.#loader, {
      adapter,
      tuning: this.tuning,
      workgroupSize,
      maxBindingBytes,
      precision,
    });
  }

  /**
   * Copies `data` to the start of `buffer` (or to `offsetBytes`), before anything submitted later. Floats are rounded to
   * halves for an f16 buffer, of which an odd count also zeroes the half behind it.
   */
  write(buffer: GpuBuffer, data: Float32Array | Uint32Array, offsetBytes = 0): void {
    const stored = buffer.type === "f16" && data instanceof Float32Array ? halvesOf(data) : data;
    assert(offsetBytes + stored.byteLength <= buffer.byteLength, `${buffer.label}: write past the end`);
    this.#device.queue.writeBuffer(
      buffer.raw,
      offsetBytes,
      stored.buffer as ArrayBuffer,
      stored.byteOffset,
      stored.byteLength,
    );
  }

  /**
   * Runs `work`, which allocates, compiles and submits but does not wait, and says what the device had against it. Such an
   * error is no fault of the device: later reads go on.
   */
  async capture(work: () => void): Promise<string | undefined> {
    for (const kind of ERROR_KINDS) this.#device.pushErrorScope(kind);
    let errors: Promise<GPUError | null>[] = [];
    try {
      work();
    } finally {
      errors = ERROR_KINDS.map(() => this.#device.popErrorScope());
    }
    return (await Promise.all(errors)).find((error) => error !== null)?.message;
  }

  /** Submits the plans, in order, as one command buffer. */
  submit(...plans: readonly DispatchPlan[]): void {
    if (this.#profile !== undefined) return this.#profile.submit(plans);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const plan of plans) plan.encode(pass);
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Fills with zeros, after everything submitted so far. */
  clear(...buffers: readonly GpuBuffer[]): void {
    const encoder = this.#device.createCommandEncoder();
    for (const buffer of buffers) encoder.clearBuffer(buffer.raw);
    this.#device.queue.submit([encoder.finish()]);
  }

  /**
   * The bytes of `source` as everything submitted so far leaves them, whatever is submitted before the promise resolves.
   * @throws `gpu/device-lost`, `gpu/fault`
   */
  async read(source: Binding): Promise<ArrayBuffer> {
    if (this.#fault !== undefined) throw this.#fault;
    assert(!this.#closed, "read from a closed device");
    let bytes: ArrayBuffer;
    try {
      bytes = await this.#readBack.copy(source);
    } catch (cause) {
      throw this.#fault ?? gpuError("gpu/fault", "read back from the GPU: the mapping failed", {}, cause);
    }
    if (this.#fault !== undefined) throw this.#fault;
    return bytes;
  }

  /** The elements of an f32 binding, or of an f16 one, widened. */
  async readF32(source: Binding): Promise<Float32Array<ArrayBuffer>> {
    const bytes = await this.read(source);
    if (source.buffer.type !== "f16") return new Float32Array(bytes);
    return new Float32Array(new Float16Array(bytes, 0, source.elements));
  }

  /**
   * Times every dispatch from now on, until `stopProfile`. There is one profile at a time.
   * @param maxEvents single dispatches to keep for a trace, besides the totals
   */
  startProfile(clock: Clock, { maxEvents = 0 }: { maxEvents?: number } = {}): Profile {
    this.stopProfile();
    this.#profile = new Profile(this.#device, clock, {
      adapterName: this.adapterName,
      hasTimestamps: this.has("timestamp-query"),
      maxEvents,
    });
    return this.#profile;
  }

  /** For timing plans; to be destroyed after use. */
  stopwatch(clock: Clock): Stopwatch {
    return new Stopwatch(this.#device, clock, this.has("timestamp-query"));
  }

  /** What was profiled stays readable. */
  stopProfile(): void {
    this.#profile?.destroy();
    this.#profile = undefined;
  }

  /** Pipelines compiled so far. */
  get pipelineCount(): number {
    return this.#loader.pipelineCount;
  }

  /** Destroys the device and everything on it. The process may exit afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#readBack.destroy();
    this.#device.destroy();
  }
}

/** Rounded to nearest, in whole words. */
function halvesOf(values: Float32Array): Float16Array {
  const halves = new Float16Array(values.length + values.length % 2);
  halves.set(values);
  return halves;
}
