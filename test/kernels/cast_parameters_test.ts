import { strict as assert } from "node:assert";
import { castParameters } from "../../src/reference/cast_parameters.ts";
import { kernelTest, normal, ODD_SIZES, precisionsOf, runKernel } from "./kernel_harness.ts";

kernelTest("cast_parameters rounds as its twin, and copies in f32", async (gpu, random) => {
  for (const count of ODD_SIZES) {
    const masters = normal(random, count, 0.02);
    // A tie between two halves, and numbers of which nothing but a subnormal or an infinity is left.
    masters.set([1 + 2 ** -11, 3 * 2 ** -24, 70000].slice(0, count));
    for (const precision of precisionsOf(gpu)) {
      const [, copy] = await runKernel(gpu, {
        kernel: "cast_parameters",
        constants: { COUNT: count },
        tensors: [masters, new Float32Array(count).fill(NaN)],
        extent: count,
        precision,
      });
      const expected = precision === "f16" ? Float32Array.from(castParameters(masters)) : masters;
      assert.deepEqual(copy, expected, `${count} elements in ${precision}`);
    }
  }
});
