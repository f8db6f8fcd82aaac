import { strict as assert } from "node:assert";
import { layernormForward } from "../../src/reference/layernorm_forward.ts";
import { layernormParametersBackward } from "../../src/reference/layernorm_parameters_backward.ts";
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
  "layernorm_parameters_backward agrees with its twin, however many invocations share a column",
  async (gpu, random) => {
    for (const [width, precision] of oddCases(gpu)) {
      const rows = 11;
      const stripes = width > 16 || precision === "f16" ? 4 : 1;
      const [x, dy] = [0, 0].map(() => stored(normal(random, rows * width), precision));
      const ones = new Float32Array(width).fill(1);
      const statistics = Float32Array.from(
        layernormForward(x, ones, new Float32Array(width), width).statistics,
      );
      const [, , , dgain, dbias] = await runKernel(gpu, {
        kernel: "layernorm_parameters_backward",
        constants: { ROWS: rows, WIDTH: width, STRIPES: stripes },
        tensors: [dy, x, statistics, new Float32Array(width).fill(NaN), new Float32Array(width).fill(NaN)],
        extent: [Math.ceil(width * stripes / gpu.workgroupSize), 1],
        precision,
      });
      const expected = layernormParametersBackward(dy, x, statistics, width);
      // Sums of 11 products below about 30.
      const absolute = 11 * 11 * 30 * EPSILON;
      assertClose(dgain, expected.dgain, { absolute }, `dgain, width ${width} in ${precision}`);
      assertClose(dbias, expected.dbias, { absolute }, `dbias, width ${width} in ${precision}`);
    }
  },
);

kernelTest(
  "layernorm_parameters_backward over rows in two passes gives the bits of one",
  async (gpu, random) => {
    const [rows, width, cut] = [11, 7, 4];
    const [x, dy] = [0, 0].map(() => normal(random, rows * width));
    const statistics = normal(random, 2 * rows);
    const run = async (from: number, to: number, sums: Tensor[], accumulate: number) => {
      const [own, ownDy] = [x, dy].map((values) => values.slice(from * width, to * width));
      const after = await runKernel(gpu, {
        kernel: "layernorm_parameters_backward",
        constants: { ROWS: to - from, WIDTH: width, ACCUMULATE: accumulate },
        tensors: [ownDy, own, statistics.slice(2 * from, 2 * to), ...sums],
        extent: width,
      });
      return after.slice(3);
    };
    const fresh = [0, 0].map(() => new Float32Array(width).fill(NaN));
    assert.deepEqual(await run(cut, rows, await run(0, cut, fresh, 0), 1), await run(0, rows, fresh, 0));
  },
);
