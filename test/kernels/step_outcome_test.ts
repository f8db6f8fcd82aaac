import { strict as assert } from "node:assert";
import { biasTerms, type OutcomeState, stepOutcome } from "../../src/reference/step_outcome.ts";
import { assertClose, kernelTest, runKernel, type Tensor } from "./kernel_harness.ts";

const RULE = { beta1: 0.9, beta2: 0.999, growthSteps: 3, minScale: 1, maxScale: 64 };

kernelTest("step_outcome agrees with its twin over a run of good and overflowed steps", async (gpu) => {
  let state: OutcomeState = { steps: 0, lossScale: 16, goodSteps: 0 };
  let [schedule, scaling]: Tensor[] = [Float32Array.of(0.5, 0, 0, 0, 0), Float32Array.of(0.125, 16, 0)];
  const scales: number[] = [];
  for (const norm of [1, 0, 2, Infinity, 1, NaN, ...Array(12).fill(0.5), ...Array(8).fill(-Infinity)]) {
    [, schedule, scaling] = await runKernel(gpu, {
      kernel: "step_outcome",
      constants: {
        BETA1: RULE.beta1,
        BETA2: RULE.beta2,
        GROWTH_STEPS: RULE.growthSteps,
        MIN_SCALE: RULE.minScale,
        MAX_SCALE: RULE.maxScale,
      },
      tensors: [Float32Array.of(0, norm, state.lossScale), schedule, scaling],
      extent: 1,
    });
    state = stepOutcome(state, norm, RULE);
    assert.deepEqual([...scaling], [0.125, state.lossScale, state.goodSteps]);
    assert.equal(schedule[0], 0.5);
    // β2 in f32 is off by 3e-8 of 1 - β2 = 1e-3; each step rounds once more.
    assertClose(schedule.slice(1), biasTerms(state, RULE), { absolute: 0, relative: 1e-4 }, `after ${norm}`);
    scales.push(state.lossScale);
  }
  // Doubled after three good steps, halved at once, held at both ends.
  assert.deepEqual(scales.slice(0, 6), [16, 16, 32, 16, 16, 8]);
  assert.ok(scales.includes(64) && scales.at(-1) === 1);
  assert.equal(state.steps, 16);
});
