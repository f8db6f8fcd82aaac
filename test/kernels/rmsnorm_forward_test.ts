import { rmsnormForward } from "../../src/reference/rmsnorm_forward.ts";
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

kernelTest("rmsnorm_forward agrees with its twin, one lane a row and many", async (gpu, random) => {
  for (const [rows, precision] of oddCases(gpu)) {
    const width = rows === 16 ? 1 : 13;
    const x = stored(normal(random, rows * width).map((value) => value + 1), precision);
    const gain = stored(normal(random, width), precision);
    const expected = rmsnormForward(x, gain, width, 1e-6);
    for (const lanes of [1, 4, gpu.workgroupSize]) {
      const [, , y, rstd] = await runKernel(gpu, {
        kernel: "rmsnorm_forward",
        constants: { ROWS: rows, WIDTH: width, EPSILON: 1e-6, LANES: lanes },
        tensors: [x, gain, new Float32Array(rows * width).fill(NaN), new Float32Array(rows).fill(NaN)],
        extent: rows * lanes,
        precision,
      });
      // 13 squares give the mean to about 13·2⁻²⁴ of itself, the root halves that; a division, a root and two products.
      const tolerance = { absolute: 0, relative: 24 * EPSILON };
      const label = `${rows} rows of ${lanes} lanes in ${precision}`;
      assertClose(y, expected.y, withStorage(tolerance, precision), `y, ${label}`);
      assertClose(rstd, expected.rstd, tolerance, `rstd, ${label}`);
    }
  }
});
