import { strict as assert } from "node:assert";
import { stepStatistics } from "../../src/reference/step_statistics.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("step_statistics agrees with its twin", async (gpu, random) => {
  for (const count of ODD_SIZES) {
    const losses = normal(random, count).map(Math.abs);
    const partials = normal(random, 31).map(Math.abs);
    const scaling = Float32Array.of(1 / 29, 512);
    const [, , , statistics] = await runKernel(gpu, {
      kernel: "step_statistics",
      constants: { ROWS: count, PARTIALS: partials.length },
      tensors: [losses, partials, scaling, new Float32Array(3)],
      extent: 1,
    });
    // All terms are positive: at most 65 roundings, relative to the sum; division and square root a few more.
    assertClose(
      statistics,
      stepStatistics(losses, partials, scaling),
      { absolute: 0, relative: 70 * EPSILON },
      `${count} rows`,
    );
  }
});

kernelTest("step_statistics adds the losses of a later pass to those before", async (gpu) => {
  const [, , , statistics] = await runKernel(gpu, {
    kernel: "step_statistics",
    constants: { ROWS: 3, PARTIALS: 1, ACCUMULATE: 1 },
    tensors: [
      Float32Array.of(1, 2, 5),
      Float32Array.of(16),
      Float32Array.of(0.5, 2, 0),
      Float32Array.of(3, NaN, NaN),
    ],
    extent: 1,
  });
  assert.deepEqual(statistics, Float32Array.of(7, 2, 2));
});
