import { squaredNorm } from "../../src/reference/squared_norm.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("squared_norm agrees with its twin, fewer values than partials included", async (gpu, random) => {
  for (const partialCount of ODD_SIZES) {
    const values = normal(random, 37);
    const [, partials] = await runKernel(gpu, {
      kernel: "squared_norm",
      constants: { COUNT: values.length, PARTIALS: partialCount },
      tensors: [values, new Float32Array(partialCount).fill(NaN)],
      extent: partialCount,
    });
    // All terms are positive: at most 37 roundings, relative to the sum.
    assertClose(
      partials,
      squaredNorm(values, partialCount),
      { absolute: 0, relative: 38 * EPSILON },
      `${partialCount}`,
    );
  }
});
