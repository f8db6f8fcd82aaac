import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { codecByName } from "../../../src/codec/by_name.ts";
import type { Codec } from "../../../src/codec/codec.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import type { RobustOptions } from "../../../src/codec/robust_mean.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { type Gpu, openDevice } from "../../../src/gpu/mod.ts";
import { chunkReducer, GpuReducer } from "../../../src/train/gpu_reducer.ts";

// Sizes around a word, a block and a vector of workgroups; the first is grown past and returned to.
const SIZES = [1, 5, 1023, 1024, 1025, 4099, 3];
const DENSE = ["f32", "f16", "u8", "i4"];

function gpuTest(name: string, body: (gpu: Gpu) => Promise<void>): void {
  Deno.test(name, async () => {
    const gpu = await openDevice();
    try {
      await body(gpu);
    } finally {
      gpu.close();
    }
  });
}

/** Half a step of the result's encoding and what f32 sums in another order may tip. */
function stepOf(codec: Codec, values: Float32Array, at: number): number {
  if (codec.result.name === "f32") return 1e-6 * 0.05;
  if (codec.result.name === "f16") return Math.max(2 ** -10 * Math.abs(values[at]), 2 ** -24);
  const start = 1024 * Math.floor(at / 1024);
  return Math.max(...values.subarray(start, start + 1024).map(Math.abs)) / 126.9;
}

async function compareWithCpu(gpu: Gpu, codec: Codec, options: RobustOptions): Promise<void> {
  const reducer = chunkReducer(gpu, codec, options);
  assert.ok(reducer instanceof GpuReducer);
  const cpu = new CpuReducer(codec, options);
  const random = new Random(11);
  try {
    for (const elements of SIZES) {
      const inputs = [1, 2.5, 0, 0.25, 1].map((weight, member) => {
        const deviation = member === 3 ? 1 : 0.01; // one member shouts
        const values = Float32Array.from({ length: elements }, () => random.nextNormal() * deviation);
        return { encoded: codec.encode(values), weight };
      });
      const result = await reducer.reduce(inputs, elements);
      assert.equal(result.byteLength, codec.result.encodedBytes(elements));
      const decoded = codec.result.decode(result, elements);
      const expected = codec.result.decode(await cpu.reduce(inputs, elements), elements);
      decoded.forEach((value, i) => {
        const step = stepOf(codec, expected, i);
        assert.ok(
          Math.abs(value - expected[i]) <= 1.01 * step,
          `${codec.name} ${elements}: element ${i} is ${value}, the CPU says ${expected[i]} ± ${step}`,
        );
      });
    }
  } finally {
    reducer.destroy();
  }
}

gpuTest(
  "the GPU reducer agrees with the CPU's to one step of the encoding, for every dense codec",
  async (gpu) => {
    for (const name of DENSE) await compareWithCpu(gpu, codecByName(name), {});
  },
);

gpuTest("so it does when contributions are clipped, and when extremes are dropped", async (gpu) => {
  for (const name of DENSE) {
    await compareWithCpu(gpu, codecByName(name), { clip: true });
    await compareWithCpu(gpu, codecByName(name), { trim: 1 });
    await compareWithCpu(gpu, codecByName(name), { clip: true, trim: 1 });
  }
});

gpuTest("the GPU reducer's mean of u8 is within half a step of the exact one", async (gpu) => {
  const reducer = chunkReducer(gpu, u8Blockwise);
  const random = new Random(12);
  const weights = [1, 2.5, 0.25];
  const inputs = weights.map((weight) => ({
    weight,
    encoded: u8Blockwise.encode(Float32Array.from({ length: 3000 }, () => random.nextNormal())),
  }));
  const result = await reducer.reduce(inputs, 3000);
  const members = inputs.map(({ encoded }) => u8Blockwise.decode(encoded, 3000));
  const scales = new DataView(result.buffer);
  u8Blockwise.decode(result, 3000).forEach((value, i) => {
    const exact = weights.reduce((sum, weight, m) => sum + weight * members[m][i], 0) / 3.75;
    const step = scales.getFloat32(4 * Math.floor(i / 1024), true);
    assert.ok(Math.abs(value - exact) <= 0.501 * step, `element ${i}`);
  });
  reducer.destroy();
});

gpuTest("the GPU reducer keeps zero chunks zero", async (gpu) => {
  const reducer = chunkReducer(gpu, u8Blockwise, { clip: true });
  const encoded = u8Blockwise.encode(new Float32Array(2000));
  const result = await reducer.reduce([{ encoded, weight: 1 }, { encoded, weight: 3 }], 2000);
  assert.deepEqual(result, encoded);
  reducer.destroy();
});

gpuTest(
  "the GPU reducer refuses a wrong size, a non-finite scale and weights that sum to zero",
  async (gpu) => {
    const reducer = chunkReducer(gpu, u8Blockwise);
    const encoded = u8Blockwise.encode(new Float32Array(8).fill(1));
    await assert.rejects(reducer.reduce([{ encoded, weight: 1 }], 9), { code: "codec/size" });
    await assert.rejects(reducer.reduce([{ encoded, weight: 0 }], 8), { code: "codec/weights" });
    const corrupt = encoded.slice();
    new DataView(corrupt.buffer).setFloat32(0, NaN, true);
    await assert.rejects(reducer.reduce([{ encoded: corrupt, weight: 1 }], 8), { code: "codec/non-finite" });
    assert.deepEqual(await reducer.reduce([{ encoded, weight: 1 }], 8), encoded, "and goes on working");
    reducer.destroy();
  },
);

gpuTest("sparse chunks are reduced on the CPU", async (gpu) => {
  const codec = codecByName("sparse");
  const reducer = chunkReducer(gpu, codec, { clip: true });
  const encoded = codec.encode(Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * i)));
  const result = await reducer.reduce([{ encoded, weight: 1 }], 5000);
  assert.deepEqual(result, codec.result.encode(codec.decode(encoded, 5000)));
  reducer.destroy();
});
