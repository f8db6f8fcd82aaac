import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { GpuU8Reducer } from "../../../src/train/gpu_reducer.ts";

// Sizes around a word, a block and a vector of workgroups; the first is grown past and returned to.
const SIZES = [1, 5, 1023, 1024, 1025, 4099, 3];

Deno.test("the GPU reducer agrees with decode, sum and encode on the CPU to one quantisation step", async () => {
  const gpu = await openDevice();
  const reducer = new GpuU8Reducer(gpu);
  try {
    const random = new Random(11);
    for (const elements of SIZES) {
      const weights = [1, 2.5, 0, 0.25];
      const inputs = weights.map((weight) => {
        const values = Float32Array.from({ length: elements }, () => random.nextNormal() * 0.01);
        return { encoded: u8Blockwise.encode(values), weight };
      });
      const result = await reducer.reduce(inputs, elements);
      assert.equal(result.byteLength, u8Blockwise.encodedBytes(elements));
      const decoded = u8Blockwise.decode(result, elements);
      const members = inputs.map(({ encoded }) => u8Blockwise.decode(encoded, elements));
      const total = weights.reduce((sum, weight) => sum + weight);
      const scales = new DataView(result.buffer);
      for (let i = 0; i < elements; i++) {
        const exact = weights.reduce((sum, weight, m) => sum + weight * members[m][i], 0) / total;
        const step = scales.getFloat32(4 * Math.floor(i / 1024), true);
        // Half a step of rounding, and f32 rounding that may tip a tie: below one step in all.
        assert.ok(Math.abs(decoded[i] - exact) <= 0.501 * step, `${elements}: element ${i}`);
      }
    }
  } finally {
    reducer.destroy();
    gpu.close();
  }
});

Deno.test("the GPU reducer keeps zero chunks zero", async () => {
  const gpu = await openDevice();
  const reducer = new GpuU8Reducer(gpu);
  try {
    const encoded = u8Blockwise.encode(new Float32Array(2000));
    const result = await reducer.reduce([{ encoded, weight: 1 }, { encoded, weight: 3 }], 2000);
    assert.deepEqual(result, encoded);
  } finally {
    reducer.destroy();
    gpu.close();
  }
});

Deno.test("the GPU reducer refuses a wrong size, a non-finite scale and weights that sum to zero", async () => {
  const gpu = await openDevice();
  const reducer = new GpuU8Reducer(gpu);
  try {
    const encoded = u8Blockwise.encode(new Float32Array(8).fill(1));
    await assert.rejects(reducer.reduce([{ encoded, weight: 1 }], 9), { code: "codec/size" });
    await assert.rejects(reducer.reduce([{ encoded, weight: 0 }], 8), { code: "codec/weights" });
    const corrupt = encoded.slice();
    new DataView(corrupt.buffer).setFloat32(0, NaN, true);
    await assert.rejects(reducer.reduce([{ encoded: corrupt, weight: 1 }], 8), { code: "codec/non-finite" });
    assert.deepEqual(await reducer.reduce([{ encoded, weight: 1 }], 8), encoded, "and goes on working");
  } finally {
    reducer.destroy();
    gpu.close();
  }
});
