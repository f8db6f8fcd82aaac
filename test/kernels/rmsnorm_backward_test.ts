import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import { rmsnormBackward } from "../../src/reference/rmsnorm_backward.ts";
import { rmsnormForward } from "../../src/reference/rmsnorm_forward.ts";
import { rmsnormGainBackward } from "../../src/reference/rmsnorm_gain_backward.ts";
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
  "rmsnorm_backward agrees with its twin, accumulating and not, at any lanes",
  async (gpu, random) => {
    for (const [rows, precision] of oddCases(gpu)) {
      const width = rows === 16 ? 1 : 13;
      const [x, dy, before] = [1, 1, 1].map(() => stored(normal(random, rows * width), precision));
      const gain = stored(normal(random, width), precision);
      const rstd = Float32Array.from(rmsnormForward(x, gain, width).rstd);
      const expected = rmsnormBackward(dy, x, gain, rstd, width);
      for (const [lanes, accumulate] of [[1, 0], [1, 1], [8, 1], [gpu.workgroupSize, 0]]) {
        const [, , , , dx] = await runKernel(gpu, {
          kernel: "rmsnorm_backward",
          constants: { ROWS: rows, WIDTH: width, ACCUMULATE: accumulate, LANES: lanes },
          tensors: [dy, x, gain, rstd, accumulate === 1 ? before : new Float32Array(rows * width).fill(NaN)],
          extent: rows * lanes,
          precision,
        });
        const sum = expected.map((value, i) => value + accumulate * before[i]);
        // rstd is below 4 at widths above one; then the sum of 13 products of three values below about 4 is good to
        // 13·13·64·2⁻²⁴, and times x·rstd³/13. At width one rstd reaches 1/√1e-5, and everything cancels.
        const absolute = (width === 1 ? 1e4 : 512) * 64 * EPSILON;
        assertClose(
          dx,
          sum,
          withStorage({ absolute, relative: 16 * EPSILON }, precision),
          `${rows} rows of ${lanes} lanes, accumulate ${accumulate}, in ${precision}`,
        );
      }
    }
  },
);

Deno.test("rmsnorm's backward twins agree with finite differences", () => {
  const [rows, width] = [3, 5];
  const random = new Random(8);
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.nextNormal());
  const [x, gain, dy] = [draw(rows * width), draw(width), draw(rows * width)];
  const objective = (x: Float64Array, gain: Float64Array) =>
    rmsnormForward(x, gain, width).y.reduce((sum, value, i) => sum + value * dy[i], 0);
  const { rstd } = rmsnormForward(x, gain, width);
  const dx = rmsnormBackward(dy, x, gain, rstd, width);
  const dgain = rmsnormGainBackward(dy, x, rstd, width);
  const h = 1e-6; // Error about h² plus 1e-15/h.
  const nudged = (values: Float64Array, at: number, step: number) =>
    values.map((value, i) => (i === at ? value + step : value));
  for (let i = 0; i < x.length; i++) {
    const difference = objective(nudged(x, i, h), gain) - objective(nudged(x, i, -h), gain);
    assert.ok(Math.abs(difference / (2 * h) - dx[i]) < 1e-8, `x ${i}`);
  }
  for (let i = 0; i < width; i++) {
    const difference = objective(x, nudged(gain, i, h)) - objective(x, nudged(gain, i, -h));
    assert.ok(Math.abs(difference / (2 * h) - dgain[i]) < 1e-8, `gain ${i}`);
  }
});
