import { reduceU8Scale } from "../../src/reference/reduce_u8_scale.ts";
import { assertClose, EPSILON, kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { REDUCE_COUNTS, reduceShape } from "./reduce_u8_shapes.ts";

kernelTest("reduce_u8_scale agrees with its twin, a zero and a tiny block included", async (gpu, random) => {
  for (const count of REDUCE_COUNTS) {
    const deviation = count === 1024 ? 0 : count === 1023 ? 1e-39 : 1;
    const sum = new Float32Array(Math.ceil(count / 4) * 4);
    sum.set(normal(random, count, deviation));
    const shape = reduceShape(count, 1);
    const after = await runKernel(gpu, {
      kernel: "reduce_u8_scale",
      constants: {},
      tensors: [shape, sum, new Uint32Array(shape[2])],
      extent: shape[3],
      uniform: true,
    });
    const scales = new Float32Array(after[2].buffer as ArrayBuffer, 0, shape[3]);
    // WGSL's division is good to 2.5 ulp.
    const expected = reduceU8Scale(sum.subarray(0, count));
    assertClose(scales, expected, { absolute: 0, relative: 6 * EPSILON }, `${count} elements`);
  }
});
