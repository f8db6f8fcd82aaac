import { strict as assert } from "node:assert";
import { layernormBackward } from "../../src/reference/layernorm_backward.ts";
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
  "layernorm_backward agrees with its twin, overwriting and accumulating, however many share a row",
  async (gpu, random) => {
    for (const [rows, precision] of oddCases(gpu)) {
      const width = rows === 63 ? 3 : 13;
      const lanes = rows > 16 || precision === "f16" ? 8 : 1;
      const [x, dy, before] = [0, 0, 0].map(() => stored(normal(random, rows * width), precision));
      const [gain, bias] = [0, 0].map(() => stored(normal(random, width), precision));
      const statistics = Float32Array.from(layernormForward(x, gain, bias, width).statistics);
      const expected = layernormBackward(dy, x, gain, statistics, width);
      for (const accumulate of [0, 1]) {
        const after = await runKernel(gpu, {
          kernel: "layernorm_backward",
          constants: { ROWS: rows, WIDTH: width, ACCUMULATE: accumulate, LANES: lanes },
          tensors: [dy, x, gain, statistics, before],
          extent: rows * lanes,
          precision,
        });
        // Two sums of 13 products below about 40, scaled by rstd below 4.
        const whole = expected.map((value, i) => value + accumulate * before[i]);
        assertClose(
          after[4],
          whole,
          withStorage({ absolute: 4 * 13 * 40 * EPSILON }, precision),
          `${rows} rows, ${accumulate}, ${precision}`,
        );
      }
    }
  },
);

Deno.test("layernorm_backward's twin agrees with finite differences", () => {
  const x = Float64Array.of(0.3, -1.2, 0.8, 2.1, -0.4);
  const gain = Float64Array.of(1, 0.5, -2, 1.5, 0.7);
  const bias = new Float64Array(5);
  const dy = Float64Array.of(0.2, -0.6, 1.1, 0.4, -0.9);
  const objective = (at: Float64Array) =>
    layernormForward(at, gain, bias, 5).y.reduce((sum, value, i) => sum + value * dy[i], 0);
  const dx = layernormBackward(dy, x, gain, layernormForward(x, gain, bias, 5).statistics, 5);
  const h = 1e-6; // Central differences in f64: error about h² plus 1e-16/h, both far below 1e-8.
  for (let i = 0; i < 5; i++) {
    const [up, down] = [h, -h].map((step) =>
      objective(x.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dx[i]) < 1e-8);
  }
});
