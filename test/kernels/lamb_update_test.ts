import { strict as assert } from "node:assert";
import { lambUpdate } from "../../src/reference/lamb_update.ts";
import { assertClose, kernelTest, runKernel } from "./kernel_harness.ts";
import { BLOCKS, COUNT, DECAY_COUNT, drawState, HYPER, SCHEDULE } from "./lamb_step.ts";

const RATIOS = Float32Array.of(0.5, 3, 1);
const CONSTANTS = { EPSILON: 1e-6, WEIGHT_DECAY: 0.1 };

kernelTest("lamb_update agrees with its twin, from a block within the vector on", async (gpu, random) => {
  for (const from of [0, 384]) {
    const state = drawState(random, 1);
    const [m, v, parameters] = [state.m, state.v, state.parameters].map((values) => values.slice(from));
    const [, , , , , , actual] = await runKernel(gpu, {
      kernel: "lamb_update",
      constants: {
        ...CONSTANTS,
        COUNT: COUNT - from,
        DECAY_COUNT: DECAY_COUNT - from,
        FIRST_BLOCK: from / 128,
      },
      tensors: [Float32Array.of(0, 1, 1), SCHEDULE, m, v, RATIOS, BLOCKS.tensorOf, parameters],
      extent: COUNT - from,
    });
    const expected = Float64Array.from(parameters);
    const tensorOf = BLOCKS.tensorOf.slice(from / 128);
    const at = { ...HYPER, decayElementCount: DECAY_COUNT - from, gradNorm: 1, lossScale: 1 };
    lambUpdate(expected, m, v, { ratios: RATIOS, tensorOf }, at);
    // A handful of roundings of values below about 5; v may be as small as 1e-3.
    assertClose(actual, expected, { absolute: 1e-6, relative: 2e-6 }, `from ${from}`);
  }
});

kernelTest("lamb_update leaves the parameters when the norm is not finite", async (gpu, random) => {
  const { m, v, parameters } = drawState(random, 1);
  const after = await runKernel(gpu, {
    kernel: "lamb_update",
    constants: { ...CONSTANTS, COUNT, DECAY_COUNT, FIRST_BLOCK: 0 },
    tensors: [Float32Array.of(0, Infinity, 1), SCHEDULE, m, v, RATIOS, BLOCKS.tensorOf, parameters],
    extent: COUNT,
  });
  assert.deepEqual(after[6], parameters);
});
