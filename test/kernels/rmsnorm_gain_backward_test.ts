import { rmsnormForward } from "../../src/reference/rmsnorm_forward.ts";
import { rmsnormGainBackward } from "../../src/reference/rmsnorm_gain_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, oddCases, runKernel, stored } from "./kernel_harness.ts";

kernelTest(
  "rmsnorm_gain_backward agrees with its twin, however many invocations share a column",
  async (gpu, random) => {
    for (const [width, precision] of oddCases(gpu)) {
      const rows = 11;
      const stripes = width > 16 || precision === "f16" ? 4 : 1;
      const [x, dy] = [1, 1].map(() => stored(normal(random, rows * width), precision));
      const rstd = Float32Array.from(rmsnormForward(x, new Float32Array(width), width).rstd);
      const [, , , dgain] = await runKernel(gpu, {
        kernel: "rmsnorm_gain_backward",
        constants: { ROWS: rows, WIDTH: width, STRIPES: stripes },
        tensors: [dy, x, rstd, new Float32Array(width).fill(NaN)],
        extent: [Math.ceil(width * stripes / gpu.workgroupSize), 1],
        precision,
      });
      // Sums of 11 products, dy below about 4 and x·rstd below √width.
      const absolute = 11 * 11 * 4 * Math.sqrt(width) * EPSILON;
      assertClose(
        dgain,
        rmsnormGainBackward(dy, x, rstd, width),
        { absolute },
        `width ${width} in ${precision}`,
      );
    }
  },
);
