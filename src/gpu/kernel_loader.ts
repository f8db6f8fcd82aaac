/**
 * Kernels by name → compiled pipelines. A pipeline is specialised by its constants (shapes, hyperparameters), so a shader
 * has no shape uniforms and the driver unrolls what it can, and by the precision of what it stores; each specialisation
 * is compiled once and kept.
 */
import { KERNEL_SOURCES, type KernelName } from "./kernel_sources.ts";
import { kernelSource, type Precision } from "./precision.ts";

export type KernelConstants = Readonly<Record<string, number>>;

export class KernelLoader {
  #device: GPUDevice;
  #workgroupSize: number;
  #modules = new Map<string, GPUShaderModule>();
  #pipelines = new Map<string, GPUComputePipeline>();

  /** @param workgroupSize invocations a workgroup: the constant WORKGROUP of every kernel */
  constructor(device: GPUDevice, workgroupSize: number) {
    this.#device = device;
    this.#workgroupSize = workgroupSize;
  }

  /** The pipeline of `name` specialised by `constants` and `precision`; each distinct one is compiled once. */
  pipeline(name: KernelName, constants: KernelConstants, precision: Precision): GPUComputePipeline {
    const all = { ...constants, WORKGROUP: this.#workgroupSize };
    const key = `${name} ${precision} ${JSON.stringify(Object.entries(all).sort())}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline({
        label: `${name} ${precision}`,
        layout: "auto",
        compute: { module: this.#module(name, precision), entryPoint: "main", constants: all },
      });
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  #module(name: KernelName, precision: Precision): GPUShaderModule {
    const label = `${name} ${precision}`;
    let module = this.#modules.get(label);
    if (module === undefined) {
      const code = kernelSource(KERNEL_SOURCES[name], precision);
      module = this.#device.createShaderModule({ label, code });
      this.#modules.set(label, module);
    }
    return module;
  }
}
