import { strict as assert } from "node:assert";
import { biasBackward } from "../../src/reference/bias_backward.ts";
import {
  assertClose,
  EPSILON,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  type Tensor,
} from "./kernel_harness.ts";

kernelTest(
  "bias_backward agrees with its twin, however many invocations share a column",
  async (gpu, random) => {
    for (const [width, precision] of oddCases(gpu)) {
      const rows = 19;
      const stripes = width > 16 || precision === "f16" ? 4 : 1;
      const dy = stored(normal(random, rows * width), precision);
      const [, dbias] = await runKernel(gpu, {
        kernel: "bias_backward",
        constants: { ROWS: rows, WIDTH: width, STRIPES: stripes },
        tensors: [dy, new Float32Array(width).fill(NaN)],
        extent: [Math.ceil(width * stripes / gpu.workgroupSize), 1],
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
  },
);

kernelTest("bias_backward over rows in two passes gives the bits of one", async (gpu, random) => {
  const [rows, width, cut] = [19, 7, 8];
  const dy = normal(random, rows * width);
  const run = async (from: number, to: number, dbias: Tensor, accumulate: number) => {
    const [, after] = await runKernel(gpu, {
      kernel: "bias_backward",
      constants: { ROWS: to - from, WIDTH: width, ACCUMULATE: accumulate },
      tensors: [dy.slice(from * width, to * width), dbias],
      extent: width,
    });
    return after;
  };
  const fresh = new Float32Array(width).fill(NaN);
  assert.deepEqual(await run(cut, rows, await run(0, cut, fresh, 0), 1), await run(0, rows, fresh, 0));
});
