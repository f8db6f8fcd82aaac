import { ceilingFma } from "../../src/reference/ceiling_fma.ts";
import { assertClose, EPSILON, EPSILON_F16, kernelTest, oddCases, runKernel } from "./kernel_harness.ts";

kernelTest("ceiling_fma agrees with its twin", async (gpu) => {
  for (const [count, precision] of oddCases(gpu)) {
    for (const steps of [1, 5]) {
      const [result] = await runKernel(gpu, {
        kernel: "ceiling_fma",
        constants: { COUNT: count, STEPS: steps },
        tensors: [new Float32Array(count)],
        extent: count,
        precision,
      });
      // All terms are positive. A chain forgets its errors as a geometric series of at most 0.875: 8 roundings' worth.
      const relative = 12 * (precision === "f16" ? EPSILON_F16 : EPSILON);
      assertClose(result, ceilingFma(count, steps), { absolute: 0, relative }, `${count} in ${precision}`);
    }
  }
});
