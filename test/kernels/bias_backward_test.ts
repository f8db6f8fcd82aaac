import { biasBackward } from "../../src/reference/bias_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, oddCases, runKernel, stored } from "./kernel_harness.ts";

kernelTest("bias_backward agrees with its twin", async (gpu, random) => {
  for (const [width, precision] of oddCases(gpu)) {
    const rows = 19;
    const dy = stored(normal(random, rows * width), precision);
    const [, dbias] = await runKernel(gpu, {
      kernel: "bias_backward",
      constants: { ROWS: rows, WIDTH: width },
      tensors: [dy, new Float32Array(width).fill(NaN)],
      extent: width,
      precision,
    });
    // 19 additions, sums below about 25.
    assertClose(
      dbias,
      biasBackward(dy, width),
      { absolute: 19 * 25 * EPSILON },
      `width ${width} in ${precision}`,
    );
  }
});
