/** Verifies a kernel against its twin, then times it. */
import { systemClock } from "../src/base/clock.ts";
import type { Gpu } from "../src/gpu/mod.ts";
import { elementTypeOf } from "../test/kernels/element_types.ts";
import type { Tensor } from "../test/kernels/kernel_harness.ts";
import type { KernelCase } from "./kernel_case.ts";

export interface Measurement {
  readonly kernel: string;
  readonly shape: string;
  readonly seconds: number;
  readonly work: KernelCase["work"];
  /** ‖kernel − twin‖ / ‖twin‖, the worst of its outputs. */
  readonly relativeError: number;
  /** Sum of the absolute values of all outputs. */
  readonly checksum: number;
}

/**
 * f32 sums of a few thousand terms lose about √n of 2⁻²⁴, WGSL's exp and tanh about 1e-6; a wrong element, row or stride
 * gives at least 1/√elements, 3e-4 here. In f16 sums of sixteen products leave 2⁻¹⁰. The odd sizes and the tight bounds are test/kernels' business.
 */
export const MAX_RELATIVE_ERROR = { f32: 3e-5, f16: 2 ** -8 } as const;

/** @throws when the kernel disagrees with its twin */
export async function measureKernel(gpu: Gpu, kernelCase: KernelCase): Promise<Measurement> {
  const { kernel, shape, constants, tensors, uniform, extent, expected, work, precision = "f32" } =
    kernelCase;
  const allowed = MAX_RELATIVE_ERROR[precision];
  const arena = gpu.arena("bench");
  const stopwatch = gpu.stopwatch(systemClock);
  try {
    const buffers = tensors.map((tensor, i) => {
      const buffer = arena.allocate(
        `${kernel}.${i}`,
        tensor.length,
        {
          usage: uniform && i === 0 ? "uniform" : "storage",
          type: elementTypeOf(kernel, i, precision),
        },
      );
      gpu.write(buffer, tensor);
      return buffer;
    });
    const grid = typeof extent === "number" ? extent : extent(gpu.workgroupSize);
    const plan = gpu.plan(precision).add(kernel, constants, buffers.map((buffer) => buffer.whole()), grid);
    gpu.submit(plan);
    let [relativeError, checksum] = [0, 0];
    for (const [i, values] of expected()) {
      const range = buffers[i].slice(0, tensors[i].length);
      const bytes = buffers[i].type === "f16" ? (await gpu.readF32(range)).buffer : await gpu.read(range);
      const actual = asIn(kernelCase, i, bytes, values);
      relativeError = Math.max(relativeError, distance(actual.kernel, actual.twin));
      for (const value of actual.kernel) checksum += Math.abs(value);
    }
    if (!(relativeError <= allowed)) {
      throw new Error(
        `verify ${kernel} at ${shape}: relative error ${relativeError} against its twin, ` +
          `at most ${allowed} required`,
      );
    }
    const seconds = await stopwatch.bestSeconds(plan);
    return { kernel, shape, seconds, work, relativeError, checksum };
  } finally {
    stopwatch.destroy();
    arena.destroy();
  }
}

/** Both as numbers. Packed outputs (scales as f32 bits, then bytes) are compared part by part, the bytes as bytes. */
function asIn(
  { kernel, tensors }: KernelCase,
  index: number,
  bytes: ArrayBuffer,
  values: ArrayLike<number>,
): { kernel: ArrayLike<number> & Iterable<number>; twin: ArrayLike<number> } {
  if (tensors[index] instanceof Float32Array) return { kernel: new Float32Array(bytes), twin: values };
  const packed = Uint32Array.from(values).buffer;
  const view = (buffer: ArrayBuffer) =>
    kernel === "reduce_u8_scale"
      ? new Float32Array(buffer, 0, values.length)
      : new Uint8Array(buffer, bytesOfScales(tensors[0]));
  return { kernel: view(bytes), twin: view(packed) };
}

function bytesOfScales(shape: Tensor): number {
  return 4 * shape[3];
}

function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
