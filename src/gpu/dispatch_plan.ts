/**
 * A recorded list of dispatches. Pipelines and bind groups are made once, when the plan is built; replaying it allocates
 * nothing but a command encoder. Dispatches of one plan run in order, each seeing what the ones before it wrote.
 */
import { assert } from "../base/assert.ts";
import type { Binding } from "./buffers.ts";
import { type DispatchWork, workOf } from "./dispatch_work.ts";
import { gpuError } from "./errors.ts";
import type { AdapterFacts } from "./gpu.ts";
import type { KernelConstants, KernelLoader } from "./kernel_loader.ts";
import type { KernelName } from "./kernel_sources.ts";
import type { Precision } from "./precision.ts";
import type { Tuning } from "./tune_registry.ts";

/** Workgroups along x and y. */
export type Grid = readonly [number, number];

/** What a profile says about a dispatch. */
export interface DispatchFacts {
  readonly kernel: KernelName;
  readonly precision: Precision;
  readonly work: DispatchWork;
}

interface Dispatch {
  readonly facts: DispatchFacts;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Grid;
}

/** Workgroups in a dimension of a grid, as WebGPU guarantees them. */
export const MAX_GROUPS = 65535;

/** The grid of `invocations` workers in workgroups of `workgroupSize`, folded into two dimensions when it is long. */
export function linearGrid(invocations: number, workgroupSize: number): Grid {
  const groups = Math.ceil(invocations / workgroupSize);
  if (groups <= MAX_GROUPS) return [groups, 1];
  const y = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / y), y];
}

export class DispatchPlan {
  #device: GPUDevice;
  #loader: KernelLoader;
  #tuning: Tuning;
  #maxBindingBytes: number;
  #dispatches: Dispatch[] = [];
  readonly workgroupSize: number;
  /** What the kernels' `scalar` is: how the bound activations and parameters are stored. */
  readonly precision: Precision;
  /** What it will run on: some operations choose their kernel by it. */
  readonly adapter: AdapterFacts;

  constructor(
    device: GPUDevice,
    loader: KernelLoader,
    { adapter, tuning, workgroupSize, maxBindingBytes, precision }: {
      tuning: Tuning;
      adapter: AdapterFacts;
      workgroupSize: number;
      maxBindingBytes: number;
      precision: Precision;
    },
  ) {
    this.#device = device;
    this.#loader = loader;
    this.#maxBindingBytes = maxBindingBytes;
    this.workgroupSize = workgroupSize;
    this.precision = precision;
    this.adapter = adapter;
    this.#tuning = tuning;
  }

  /**
   * Appends one dispatch. `bindings[i]` goes to @binding(i); `extent` is a number of invocations or an explicit grid; `work`
   * is for profiles: declare the operations where arithmetic takes the time; `output` is how a kernel that declares its
   * result as `output` stores it.
   * @throws `gpu/too-large` when a binding exceeds the adapter's limit
   */
  add(
    name: KernelName,
    constants: KernelConstants,
    bindings: readonly Binding[],
    extent: number | Grid,
    work?: Partial<DispatchWork>,
    output: Precision = this.precision,
  ): this {
    for (const { buffer, byteLength } of bindings) {
      if (byteLength > this.#maxBindingBytes) {
        throw gpuError(
          "gpu/too-large",
          `bind ${buffer.label} to ${name}: ${byteLength} bytes, the adapter binds at most ` +
            `${this.#maxBindingBytes}, use a smaller preset or batch, or another GPU`,
          { label: buffer.label, bytes: byteLength, limitBytes: this.#maxBindingBytes },
        );
      }
    }
    const grid = typeof extent === "number" ? linearGrid(extent, this.workgroupSize) : extent;
    assert(
      grid[0] > 0 && grid[1] > 0 && grid[0] <= MAX_GROUPS && grid[1] <= MAX_GROUPS,
      `${name}: grid ${grid}`,
    );
    const pipeline = this.#loader.pipeline(name, constants, { precision: this.precision, output });
    const bindGroup = this.#device.createBindGroup({
      label: name,
      layout: pipeline.getBindGroupLayout(0),
      entries: bindings.map(({ buffer, offsetBytes, byteLength }, binding) => ({
        binding,
        resource: { buffer: buffer.raw, offset: offsetBytes, size: byteLength },
      })),
    });
    const facts = { kernel: name, precision: this.precision, work: workOf(bindings, constants, work) };
    this.#dispatches.push({ facts, pipeline, bindGroup, grid });
    return this;
  }

  /** What measuring chose for `key`, if it did; `subject` is what a tuner needs to measure it. */
  choice(key: string, subject: unknown): string | undefined {
    return this.#tuning.choice(key, subject);
  }

  /** A uniform buffer of `values`, kept with the device's pipelines. */
  uniform(values: Uint32Array<ArrayBuffer>): Binding {
    return this.#loader.uniform(values).whole();
  }

  get length(): number {
    return this.#dispatches.length;
  }

  /** What each dispatch is, in order. */
  get facts(): readonly DispatchFacts[] {
    return this.#dispatches.map(({ facts }) => facts);
  }

  /** Replays all, or those from index `from` up to `to`, into an open pass. */
  encode(pass: GPUComputePassEncoder, from = 0, to = this.#dispatches.length): void {
    for (let i = from; i < to; i++) {
      const { pipeline, bindGroup, grid } = this.#dispatches[i];
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(grid[0], grid[1]);
    }
  }
}
