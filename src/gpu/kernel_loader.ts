/**
 * Kernels by name → compiled pipelines. A pipeline is specialised by its constants (shapes, hyperparameters), so a shader
 * has no shape uniforms and the driver unrolls what it can; each specialisation is compiled once and kept.
 */
import { KERNEL_SOURCES, type KernelName } from "./kernel_sources.ts";

export type KernelConstants = Readonly<Record<string, number>>;

export class KernelLoader {
  #device: GPUDevice;
  #workgroupSize: number;
  #modules = new Map<KernelName, GPUShaderModule>();
  #pipelines = new Map<string, GPUComputePipeline>();

  /** @param workgroupSize invocations a workgroup: the constant WORKGROUP of every kernel */
  constructor(device: GPUDevice, workgroupSize: number) {
    this.#device = device;
    this.#workgroupSize = workgroupSize;
  }

  /** The pipeline of `name` specialised by `constants`; each distinct specialisation is compiled once. */
  pipeline(name: KernelName, constants: KernelConstants): GPUComputePipeline {
    const all = { ...constants, WORKGROUP: this.#workgroupSize };
    const key = name + JSON.stringify(Object.entries(all).sort());
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline({
        label: name,
        layout: "auto",
        compute: { module: this.#module(name), entryPoint: "main", constants: all },
      });
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  #module(name: KernelName): GPUShaderModule {
    let module = this.#modules.get(name);
    if (module === undefined) {
      module = this.#device.createShaderModule({ label: name, code: KERNEL_SOURCES[name] });
      this.#modules.set(name, module);
    }
    return module;
  }
}
