/** Runs one kernel over given tensors and compares with its twin. */
import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import { type Gpu, type Grid, type KernelName, openDevice } from "../../src/gpu/mod.ts";

export type Tensor = Float32Array | Uint32Array;

export interface KernelRun {
  readonly kernel: KernelName;
  readonly constants: Record<string, number>;
  /** In the order of their @binding; `uniform` marks the first as a uniform buffer. */
  readonly tensors: readonly Tensor[];
  readonly extent: number | Grid;
  readonly uniform?: boolean;
}

/** The tensors as they are after the dispatch, those read as f32 and those given as u32 as u32. */
export async function runKernel(
  gpu: Gpu,
  { kernel, constants, tensors, extent, uniform }: KernelRun,
): Promise<Tensor[]> {
  const arena = gpu.arena("test");
  try {
    const buffers = tensors.map((tensor, i) => {
      const buffer = arena.allocate(
        `${kernel}.${i}`,
        tensor.length,
        uniform && i === 0 ? "uniform" : "storage",
      );
      gpu.write(buffer, tensor);
      return buffer;
    });
    gpu.submit(gpu.plan().add(kernel, constants, buffers.map((buffer) => buffer.whole()), extent));
    const after: Tensor[] = [];
    for (let i = 0; i < tensors.length; i++) {
      const bytes = await gpu.read(buffers[i].slice(0, tensors[i].length));
      after.push(tensors[i] instanceof Float32Array ? new Float32Array(bytes) : new Uint32Array(bytes));
    }
    return after;
  } finally {
    arena.destroy();
  }
}

/** A test over a device that is closed afterwards, with a seeded stream. */
export function kernelTest(name: string, body: (gpu: Gpu, random: Random) => Promise<void>): void {
  Deno.test(name, async () => {
    const gpu = await openDevice();
    try {
      await body(gpu, new Random(20));
    } finally {
      gpu.close();
    }
  });
}

export function normal(random: Random, count: number, deviation = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => random.nextNormal() * deviation);
}

export function below(random: Random, count: number, bound: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, () => random.nextBelow(bound));
}

/** |actual - expected| ≤ absolute + relative·|expected|, everywhere; NaN fails. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative = 0 }: { absolute: number; relative?: number },
  label: string,
): void {
  assert.equal(actual.length, expected.length, `${label}: length`);
  for (let i = 0; i < expected.length; i++) {
    const allowed = absolute + relative * Math.abs(expected[i]);
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= allowed,
      `${label}: element ${i} is ${actual[i]}, the twin says ${expected[i]} ± ${allowed}`,
    );
  }
}

/** Sizes at which a mistake about edges shows: one, a prime, and one below, at and above both workgroup sizes. */
export const ODD_SIZES = [1, 7, 15, 16, 17, 63, 64, 65] as const;

/** Unit roundoff of f32. */
export const EPSILON = 2 ** -24;
