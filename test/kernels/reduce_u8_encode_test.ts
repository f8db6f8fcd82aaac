import { strict as assert } from "node:assert";
import { reduceU8Encode } from "../../src/reference/reduce_u8_encode.ts";
import { reduceU8Scale } from "../../src/reference/reduce_u8_scale.ts";
import { kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { REDUCE_COUNTS, reduceShape } from "./reduce_u8_shapes.ts";

kernelTest("reduce_u8_encode agrees with its twin but for ties that a rounding tips", async (gpu, random) => {
  for (const count of REDUCE_COUNTS) {
    const sum = new Float32Array(Math.ceil(count / 4) * 4);
    sum.set(normal(random, count, count === 1024 ? 0 : 1));
    const shape = reduceShape(count, 1);
    const scales = Float32Array.from(reduceU8Scale(sum.subarray(0, count)));
    const result = new Float32Array(shape[2]);
    result.set(scales);
    const after = await runKernel(gpu, {
      kernel: "reduce_u8_encode",
      constants: {},
      tensors: [shape, sum, new Uint32Array(result.buffer)],
      extent: Math.ceil(count / 4),
      uniform: true,
    });
    const bytes = new Uint8Array(after[2].buffer as ArrayBuffer, 4 * shape[3], count);
    const expected = reduceU8Encode(sum.subarray(0, count), scales);
    // x / scale is good to 2.5 ulp, below 4e-5 at 127: of random values about one in 10⁴ lies that close to a tie.
    const differing = bytes.filter((byte, i) => byte !== expected[i]).length;
    assert.ok(differing <= 1 + count / 1000, `${count}: ${differing} bytes differ`);
    bytes.forEach((byte, i) => assert.ok(Math.abs(byte - expected[i]) <= 1, `${count}: byte ${i}`));
  }
});
