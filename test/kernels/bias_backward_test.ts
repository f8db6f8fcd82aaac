import { biasBackward } from "../../src/reference/bias_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("bias_backward agrees with its twin", async (gpu, random) => {
  for (const width of ODD_SIZES) {
    const rows = 19;
    const dy = normal(random, rows * width);
    const [, dbias] = await runKernel(gpu, {
      kernel: "bias_backward",
      constants: { ROWS: rows, WIDTH: width },
      tensors: [dy, new Float32Array(width).fill(NaN)],
      extent: width,
    });
    // 19 additions, sums below about 25.
    assertClose(dbias, biasBackward(dy, width), { absolute: 19 * 25 * EPSILON }, `width ${width}`);
  }
});
