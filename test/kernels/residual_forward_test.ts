import { residualForward } from "../../src/reference/residual_forward.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("residual_forward agrees with its twin", async (gpu, random) => {
  for (const count of ODD_SIZES) {
    const [x, branch] = [normal(random, count), normal(random, count)];
    const [, , y] = await runKernel(gpu, {
      kernel: "residual_forward",
      constants: { COUNT: count },
      tensors: [x, branch, new Float32Array(count)],
      extent: count,
    });
    // One addition, one rounding.
    assertClose(y, residualForward(x, branch), { absolute: 0, relative: 2 * EPSILON }, `${count} elements`);
  }
});
