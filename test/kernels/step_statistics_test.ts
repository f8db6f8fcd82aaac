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
