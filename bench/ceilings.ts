/**
 * What the adapter can do at best, measured in the same run: fused multiply-adds on registers for arithmetic, and the
 * faster of a copying shader and the queue's own buffer copy for bytes. A share of these is a share of this
 * machine as it is now, not of a data sheet.
 */
import copySource from "./copy_ceiling.wgsl" with { type: "text" };
import fmaSource from "./fma_ceiling.wgsl" with { type: "text" };
import { bestSeconds } from "./timing.ts";

export interface Ceilings {
  readonly flopsPerSec: number;
  readonly bytesPerSec: number;
}

export interface CeilingSize {
  readonly invocations: number;
  readonly steps: number;
  readonly copyBytes: number;
}

/** @param workgroupSize as the kernels have it */
export async function measureCeilings(workgroupSize: number, size: CeilingSize): Promise<Ceilings> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("measure the ceilings: no WebGPU adapter was found, one is required");
  const device = await adapter.requestDevice();
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = (size: number) => device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const pipeline = (code: string, constants: Record<string, number>) =>
    device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }), constants },
    });
  const time = (encode: (encoder: GPUCommandEncoder) => void) =>
    bestSeconds(async (count) => {
      const encoder = device.createCommandEncoder();
      for (let i = 0; i < count; i++) encode(encoder);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    });
  const dispatch = (of: GPUComputePipeline, buffers: readonly GPUBuffer[], groups: number) => {
    const bindGroup = device.createBindGroup({
      layout: of.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return (encoder: GPUCommandEncoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(of);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(Math.min(groups, 32768), Math.ceil(groups / 32768));
      pass.end();
    };
  };
  try {
    const { invocations, steps, copyBytes } = size;
    const [from, to, sums] = [buffer(copyBytes), buffer(copyBytes), buffer(invocations * 4)];
    const fma = pipeline(fmaSource, { STEPS: steps, WORKGROUP: workgroupSize });
    const copy = pipeline(copySource, { WORKGROUP: workgroupSize });
    const fmaSeconds = await time(dispatch(fma, [sums], invocations / workgroupSize));
    const shaderSeconds = await time(dispatch(copy, [from, to], copyBytes / 16 / workgroupSize));
    const queueSeconds = await time((encoder) => encoder.copyBufferToBuffer(from, 0, to, 0, copyBytes));
    return {
      flopsPerSec: (invocations * steps * 2 * 4 * 12) / fmaSeconds,
      bytesPerSec: (2 * copyBytes) / Math.min(shaderSeconds, queueSeconds),
    };
  } finally {
    device.destroy();
  }
}
