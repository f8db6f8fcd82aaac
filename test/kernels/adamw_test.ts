import { strict as assert } from "node:assert";
import { adamw } from "../../src/reference/adamw.ts";
import { assertClose, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

const HYPER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const CONSTANTS = { BETA1: 0.9, BETA2: 0.95, EPSILON: 1e-8, WEIGHT_DECAY: 0.1, MAX_NORM: 1 };

function schedule(learningRate: number, step: number): Float32Array {
  return Float32Array.of(learningRate, 1 / (1 - HYPER.beta1 ** step), 1 / (1 - HYPER.beta2 ** step));
}

kernelTest(
  "adamw agrees with its twin, clipped and not, with and without decay, scaled and not",
  async (gpu, random) => {
    for (const count of ODD_SIZES) {
      const decayElementCount = Math.floor(count / 2);
      for (const [gradNorm, lossScale] of [[0.5, 1], [4, 1024]]) {
        const [gradients, parameters, m] = [lossScale, 1, 1].map((scale) => normal(random, count, scale));
        const v = normal(random, count).map(Math.abs);
        const after = await runKernel(gpu, {
          kernel: "adamw",
          constants: { ...CONSTANTS, COUNT: count, DECAY_COUNT: decayElementCount },
          tensors: [gradients, Float32Array.of(0, gradNorm, lossScale), schedule(0.01, 3), parameters, m, v],
          extent: count,
        });
        const [p64, m64, v64] = [parameters, m, v].map((values) => Float64Array.from(values));
        const at = { ...HYPER, learningRate: 0.01, step: 3, decayElementCount, gradNorm, lossScale };
        adamw(gradients, p64, m64, v64, at);
        // A handful of roundings of values below about 5; β in f32 is off by 3e-8, and v may be as small as 1e-3.
        assertClose(after[3], p64, { absolute: 1e-6, relative: 1e-6 }, `parameters, ${count}`);
        assertClose(after[4], m64, { absolute: 2e-6 }, `m, ${count}`);
        assertClose(after[5], v64, { absolute: 2e-6 }, `v, ${count}`);
      }
    }
  },
);

kernelTest("adamw leaves everything untouched when the norm is not finite", async (gpu, random) => {
  for (const gradNorm of [NaN, Infinity]) {
    const tensors = [
      normal(random, 9),
      Float32Array.of(0, gradNorm, 1),
      schedule(0.1, 1),
      ...[0, 0, 0].map(() => normal(random, 9)),
    ];
    const constants = { ...CONSTANTS, COUNT: 9, DECAY_COUNT: 9 };
    const after = await runKernel(gpu, { kernel: "adamw", constants, tensors, extent: 9 });
    assert.deepEqual(after.slice(3), tensors.slice(3));
  }
});
