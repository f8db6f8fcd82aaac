import { residualForward } from "../../src/reference/residual_forward.ts";
import {
  assertClose,
  EPSILON,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("residual_forward agrees with its twin", async (gpu, random) => {
  for (const [count, precision] of oddCases(gpu)) {
    const [x, branch] = [0, 0].map(() => stored(normal(random, count), precision));
    const [, , y] = await runKernel(gpu, {
      kernel: "residual_forward",
      constants: { COUNT: count },
      tensors: [x, branch, new Float32Array(count)],
      extent: count,
      precision,
    });
    // One addition, one rounding.
    assertClose(
      y,
      residualForward(x, branch),
      withStorage({ absolute: 0, relative: 2 * EPSILON }, precision),
      `${count} in ${precision}`,
    );
  }
});
