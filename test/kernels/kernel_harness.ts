/** Runs one kernel over given tensors and compares with its twin. */
import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import {
  type AdapterFacts,
  type Gpu,
  type Grid,
  type KernelName,
  openDevice,
  type Precision,
  type WantedFeature,
} from "../../src/gpu/mod.ts";

import { elementTypeOf } from "./element_types.ts";

export type Tensor = Float32Array | Uint32Array;

export interface KernelRun {
  readonly kernel: KernelName;
  readonly constants: Record<string, number>;
  /** In the order of their @binding; `uniform` marks the first as a uniform buffer. */
  readonly tensors: readonly Tensor[];
  readonly extent: number | Grid;
  readonly uniform?: boolean;
  /** How the tensors that the kernel declares as `scalar` are stored; their values are still given and returned as f32. */
  readonly precision?: Precision;
  /** The same for the tensor that it declares as `output`; by default as `precision`. */
  readonly output?: Precision;
}

/** The tensors as they are after the dispatch, those given as f32 as f32 and those given as u32 as u32. */
export async function runKernel(
  gpu: Gpu,
  { kernel, constants, tensors, extent, uniform, precision = "f32", output = precision }: KernelRun,
): Promise<Tensor[]> {
  const arena = gpu.arena("test");
  try {
    const buffers = tensors.map((tensor, i) => {
      const type = elementTypeOf(kernel, i, precision, output);
      const usage = uniform && i === 0 ? "uniform" : "storage";
      const buffer = arena.allocate(`${kernel}.${i}`, tensor.length, { type, usage });
      gpu.write(buffer, tensor);
      return buffer;
    });
    const bindings = buffers.map((buffer) => buffer.whole());
    gpu.submit(gpu.plan(precision).add(kernel, constants, bindings, extent, undefined, output));
    const after: Tensor[] = [];
    for (let i = 0; i < tensors.length; i++) {
      const range = buffers[i].slice(0, tensors[i].length);
      const isFloat = tensors[i] instanceof Float32Array;
      after.push(isFloat ? await gpu.readF32(range) : new Uint32Array(await gpu.read(range)));
    }
    return after;
  } finally {
    arena.destroy();
  }
}

/** A feature by name, or something else that an adapter must have. */
export type Need = WantedFeature | { readonly what: string; isMet(facts: AdapterFacts): boolean };

/**
 * A test over a device that is closed afterwards, with a seeded stream. On an adapter that lacks something in `needs` it is
 * skipped, under a name that says so. It also runs in a browser (test/browser): nothing in it may be Deno's own.
 */
export function kernelTest(
  name: string,
  body: (gpu: Gpu, random: Random) => Promise<void>,
  needs: readonly Need[] = [],
): void {
  const missing = needs.filter((need) => !isMet(need))
    .map((need) => typeof need === "string" ? need : need.what);
  const isSkipped = missing.length > 0;
  const fn = async () => {
    const gpu = await openDevice();
    try {
      await body(gpu, new Random(20));
    } finally {
      gpu.close();
    }
  };
  Deno.test({
    name: isSkipped ? `${name} (skipped, the adapter has no ${missing.join(", ")})` : name,
    ignore: isSkipped,
    fn,
  });
}

/** What plans of a precision need. */
export function featuresOf(precision: Precision): WantedFeature[] {
  return precision === "f16" ? ["shader-f16"] : [];
}

/** Asked before tests are registered. */
const facts = await openFacts();

async function openFacts(): Promise<AdapterFacts> {
  const gpu = await openDevice();
  gpu.close();
  return gpu.facts;
}

function isMet(need: Need): boolean {
  return typeof need === "string" ? facts.features.includes(need) : need.isMet(facts);
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

/** Unit roundoff of f16: half its spacing at 1. */
export const EPSILON_F16 = 2 ** -11;

/** Unit roundoff of f32. */
export const EPSILON = 2 ** -24;

/** Sizes at which a mistake about edges shows: one, a prime, and one below, at and above both workgroup sizes. */
export const ODD_SIZES = [1, 7, 15, 16, 17, 63, 64, 65] as const;

/** The precisions that the device can compile for. */
export function precisionsOf(gpu: Gpu): Precision[] {
  return gpu.has("shader-f16") ? ["f32", "f16"] : ["f32"];
}

/** Every odd size in f32, and two of them in f16 where the device has it: a mistake about edges shows in either. */
export function oddCases(gpu: Gpu): [size: number, precision: Precision][] {
  const cases = ODD_SIZES.map((size): [number, Precision] => [size, "f32"]);
  return gpu.has("shader-f16") ? [...cases, [7, "f16"], [17, "f16"]] : cases;
}

/** `values` as a tensor of `precision` holds them: what a twin must be given to be compared. */
export function stored(values: Float32Array, precision: Precision): Float32Array<ArrayBuffer> {
  return precision === "f16" ? toHalves(values) : new Float32Array(values);
}

/** What storing a result adds to the tolerance of f32 arithmetic: half a unit in the last place, or half a subnormal. */
const STORAGE_ERROR = {
  f32: { absolute: 0, relative: 0 },
  f16: { absolute: 2 ** -25, relative: EPSILON_F16 },
} as const;

/** `tolerance` of f32 arithmetic, and what storing the result in `precision` adds. */
export function withStorage(
  { absolute, relative = 0 }: { absolute: number; relative?: number },
  precision: Precision,
): { absolute: number; relative: number } {
  const storage = STORAGE_ERROR[precision];
  return { absolute: absolute + storage.absolute, relative: relative + storage.relative };
}

/** Rounded to the nearest half. */
export function toHalves(values: Float32Array): Float32Array<ArrayBuffer> {
  return new Float32Array(new Float16Array(values));
}
