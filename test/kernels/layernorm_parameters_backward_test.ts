import { layernormForward } from "../../src/reference/layernorm_forward.ts";
import { layernormParametersBackward } from "../../src/reference/layernorm_parameters_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, oddCases, runKernel, stored } from "./kernel_harness.ts";

kernelTest("layernorm_parameters_backward agrees with its twin", async (gpu, random) => {
  for (const [width, precision] of oddCases(gpu)) {
    const rows = 11;
    const [x, dy] = [0, 0].map(() => stored(normal(random, rows * width), precision));
    const ones = new Float32Array(width).fill(1);
    const statistics = Float32Array.from(
      layernormForward(x, ones, new Float32Array(width), width).statistics,
    );
    const [, , , dgain, dbias] = await runKernel(gpu, {
      kernel: "layernorm_parameters_backward",
      constants: { ROWS: rows, WIDTH: width },
      tensors: [dy, x, statistics, new Float32Array(width).fill(NaN), new Float32Array(width).fill(NaN)],
      extent: width,
      precision,
    });
    const expected = layernormParametersBackward(dy, x, statistics, width);
    // Sums of 11 products below about 30.
    const absolute = 11 * 11 * 30 * EPSILON;
    assertClose(dgain, expected.dgain, { absolute }, `dgain, width ${width} in ${precision}`);
    assertClose(dbias, expected.dbias, { absolute }, `dbias, width ${width} in ${precision}`);
  }
});
