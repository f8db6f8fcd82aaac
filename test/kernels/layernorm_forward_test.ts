import { layernormForward } from "../../src/reference/layernorm_forward.ts";
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

kernelTest(
  "layernorm_forward agrees with its twin, however many invocations share a row",
  async (gpu, random) => {
    for (const [rows, precision] of oddCases(gpu)) {
      const width = rows === 16 ? 1 : rows === 63 ? 3 : 13;
      const lanes = rows > 16 || precision === "f16" ? 8 : 1;
      const x = stored(normal(random, rows * width).map((value) => value + 3), precision);
      const [gain, bias] = [0, 0].map(() => stored(normal(random, width), precision));
      const [, , , y, statistics] = await runKernel(gpu, {
        kernel: "layernorm_forward",
        constants: { ROWS: rows, WIDTH: width, LANES: lanes },
        tensors: [x, gain, bias, new Float32Array(rows * width), new Float32Array(2 * rows)],
        extent: rows * lanes,
        precision,
      });
      const expected = layernormForward(x, gain, bias, width);
      // Sums of 13 values near 3 give the mean to about 13·3·2⁻²⁴; rstd below 4 and gain below 4 magnify it. Where the width is
      // one the variance is exactly zero in both, and rstd is 1/√1e-5.
      const absolute = 64 * 13 * 3 * EPSILON;
      assertClose(y, expected.y, withStorage({ absolute }, precision), `y, ${rows} rows in ${precision}`);
      assertClose(
        statistics,
        expected.statistics,
        { absolute, relative: 16 * EPSILON },
        `statistics, ${rows} rows`,
      );
    }
  },
);
