/**
 * Kernels by name → compiled pipelines. A pipeline is specialised by its constants (shapes, hyperparameters), so a shader
 * has no shape uniforms and the driver unrolls what it can, and by the precision of what it stores; each specialisation
 * is compiled once and kept.
 */
import { KERNEL_SOURCES, type KernelName } from "./kernel_sources.ts";
import { GpuBuffer } from "./buffers.ts";
import { kernelSource, type Precision } from "./precision.ts";

export type KernelConstants = Readonly<Record<string, number>>;

/** How a kernel's tensors are stored: what its `scalar` and its `output` are. */
export interface KernelStorage {
  readonly precision: Precision;
  readonly output: Precision;
}

export interface LoaderOptions {
  /** Invocations a workgroup: the constant WORKGROUP of every kernel. */
  readonly workgroupSize: number;
  readonly takesSubgroupsDirective: boolean;
}

export class KernelLoader {
  #device: GPUDevice;
  #options: LoaderOptions;
  #uniforms = new Map<string, GpuBuffer>();
  #modules = new Map<string, GPUShaderModule>();
  #pipelines = new Map<string, GPUComputePipeline>();

  constructor(device: GPUDevice, options: LoaderOptions) {
    this.#device = device;
    this.#options = options;
  }

  /** The pipeline of `name` specialised by `constants` and `storage`; each distinct one is compiled once. */
  pipeline(name: KernelName, constants: KernelConstants, storage: KernelStorage): GPUComputePipeline {
    const all = { WORKGROUP: this.#options.workgroupSize, ...constants };
    const label = labelOf(name, storage);
    const key = `${label} ${JSON.stringify(Object.entries(all).sort())}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline({
        label,
        layout: "auto",
        compute: { module: this.#module(name, storage), entryPoint: "main", constants: all },
      });
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  /**
   * A uniform buffer that holds `values` for as long as the device lives: shapes that are data to a kernel rather than
   * constants. Equal values share one.
   */
  uniform(values: Uint32Array<ArrayBuffer>): GpuBuffer {
    const key = values.join();
    let buffer = this.#uniforms.get(key);
    if (buffer === undefined) {
      const size = Math.ceil(values.byteLength / 16) * 16;
      const raw = this.#device.createBuffer({
        label: "uniform",
        size,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
      this.#device.queue.writeBuffer(raw, 0, values);
      buffer = new GpuBuffer(raw, "uniform", size, "u32");
      this.#uniforms.set(key, buffer);
    }
    return buffer;
  }

  #module(name: KernelName, storage: KernelStorage): GPUShaderModule {
    const label = labelOf(name, storage);
    let module = this.#modules.get(label);
    if (module === undefined) {
      const { precision, output } = storage;
      const { takesSubgroupsDirective } = this.#options;
      const code = kernelSource(KERNEL_SOURCES[name], precision, { output, takesSubgroupsDirective });
      module = this.#device.createShaderModule({ label, code });
      this.#modules.set(label, module);
    }
    return module;
  }
}

function labelOf(name: KernelName, { precision, output }: KernelStorage): string {
  return output === precision ? `${name} ${precision}` : `${name} ${precision} to ${output}`;
}
