import { residualLayernormForward } from "../../src/reference/residual_layernorm_forward.ts";
import {
  assertClose,
  EPSILON,
  EPSILON_F16,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest(
  "residual_layernorm_forward agrees with its twin, however many share a row",
  async (gpu, random) => {
    for (const [rows, precision] of oddCases(gpu)) {
      const width = rows === 63 ? 3 : 13;
      const lanes = rows > 16 || precision === "f16" ? 8 : 1;
      const [x, branch] = [0, 0].map(() => stored(normal(random, rows * width), precision));
      const [gain, bias] = [0, 0].map(() => stored(normal(random, width), precision));
      const [, , , , sum, y, statistics] = await runKernel(gpu, {
        kernel: "residual_layernorm_forward",
        constants: { ROWS: rows, WIDTH: width, LANES: lanes },
        tensors: [
          x,
          branch,
          gain,
          bias,
          ...[0, 0].map(() => new Float32Array(x.length)),
          new Float32Array(2 * rows),
        ],
        extent: rows * lanes,
        precision,
      });
      const expected = residualLayernormForward(x, branch, gain, bias, width);
      const label = `${rows} rows in ${precision}`;
      assertClose(
        sum,
        expected.sum,
        withStorage({ absolute: 0, relative: 2 * EPSILON }, precision),
        `sum, ${label}`,
      );
      // Sums of 13 values below about 6. In f16 what is normalised has been rounded: a value near 6 by 6·2⁻¹¹. Deviations of 3
      // values may be as small as 1/16, and gains reach 3, which magnifies either.
      const absolute = precision === "f16" ? 3 * 6 * EPSILON_F16 : 3 * 16 * 13 * 6 * EPSILON;
      assertClose(y, expected.y, withStorage({ absolute }, precision), `y, ${label}`);
      const relative = precision === "f16" ? 4 * EPSILON_F16 : 3e-4;
      assertClose(statistics, expected.statistics, { absolute, relative }, `statistics, ${label}`);
    }
  },
);
