import { strict as assert } from "node:assert";
import { lambMoments } from "../../src/reference/lamb_moments.ts";
import { assertClose, EPSILON, kernelTest, runKernel } from "./kernel_harness.ts";
import { COUNT, DECAY_COUNT, drawState, HYPER, MOMENT_CONSTANTS, SCHEDULE } from "./lamb_step.ts";

const BLOCK_COUNT = Math.ceil(COUNT / 128);

kernelTest("lamb_moments agrees with its twin, clipped and not, scaled and not", async (gpu, random) => {
  for (const [gradNorm, lossScale, firstBlock] of [[0.5, 1, 0], [4, 1024, 3]]) {
    const { gradients, parameters, m, v } = drawState(random, lossScale);
    const statistics = Float32Array.of(0, gradNorm, lossScale);
    const norms = new Float32Array(2 * (firstBlock + BLOCK_COUNT)).fill(9);
    const after = await runKernel(gpu, {
      kernel: "lamb_moments",
      constants: { ...MOMENT_CONSTANTS, COUNT, DECAY_COUNT, FIRST_BLOCK: firstBlock },
      tensors: [gradients, statistics, SCHEDULE, parameters, m, v, norms],
      extent: [BLOCK_COUNT, 1],
    });
    const [m64, v64] = [m, v].map((values) => Float64Array.from(values));
    const at = { ...HYPER, decayElementCount: DECAY_COUNT, gradNorm, lossScale };
    const expected = lambMoments(gradients, parameters, m64, v64, at);
    assertClose(after[4], m64, { absolute: 2e-6 }, "m");
    assertClose(after[5], v64, { absolute: 2e-6 }, "v");
    // Sums of 128 positive terms; r divides by roots of v as small as 1e-3, which doubles v's relative error of about 1e-3·2e-6.
    const actual = (after[6] as Float32Array).slice(2 * firstBlock);
    assertClose(actual, expected, { absolute: 0, relative: 128 * EPSILON + 5e-3 }, "norms");
    assert.deepEqual((after[6] as Float32Array).slice(0, 2 * firstBlock), norms.slice(0, 2 * firstBlock));
  }
});

kernelTest("lamb_moments leaves the moments when the norm is not finite", async (gpu, random) => {
  const { gradients, parameters, m, v } = drawState(random, 1);
  const after = await runKernel(gpu, {
    kernel: "lamb_moments",
    constants: { ...MOMENT_CONSTANTS, COUNT, DECAY_COUNT, FIRST_BLOCK: 0 },
    tensors: [
      gradients,
      Float32Array.of(0, NaN, 1),
      SCHEDULE,
      parameters,
      m,
      v,
      new Float32Array(2 * BLOCK_COUNT),
    ],
    extent: [BLOCK_COUNT, 1],
  });
  assert.deepEqual(after.slice(4, 6), [m, v]);
});
