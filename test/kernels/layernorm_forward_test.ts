import { layernormForward } from "../../src/reference/layernorm_forward.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("layernorm_forward agrees with its twin", async (gpu, random) => {
  for (const rows of ODD_SIZES) {
    const width = rows === 16 ? 1 : 13;
    const x = normal(random, rows * width).map((value) => value + 3);
    const [gain, bias] = [normal(random, width), normal(random, width)];
    const [, , , y, statistics] = await runKernel(gpu, {
      kernel: "layernorm_forward",
      constants: { ROWS: rows, WIDTH: width },
      tensors: [x, gain, bias, new Float32Array(rows * width), new Float32Array(2 * rows)],
      extent: rows,
    });
    const expected = layernormForward(x, gain, bias, width);
    // Sums of 13 values near 3 give the mean to about 13·3·2⁻²⁴; rstd below 4 and gain below 4 magnify it. Where the width is
    // one the variance is exactly zero in both, and rstd is 1/√1e-5.
    const absolute = 64 * 13 * 3 * EPSILON;
    assertClose(y, expected.y, { absolute }, `y, ${rows} rows`);
    assertClose(
      statistics,
      expected.statistics,
      { absolute, relative: 16 * EPSILON },
      `statistics, ${rows} rows`,
    );
  }
});
