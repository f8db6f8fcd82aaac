import { strict as assert } from "node:assert";
import { nextLossScale } from "../../src/reference/loss_scale.ts";
import { kernelTest, runKernel } from "./kernel_harness.ts";

const RULE = { growthSteps: 3, minScale: 1, maxScale: 64 };

kernelTest("loss_scale agrees with its twin over a run of good and overflowed steps", async (gpu) => {
  let state: [number, number] = [16, 0];
  const scales: number[] = [];
  for (const norm of [1, 0, 2, Infinity, 1, NaN, ...Array(12).fill(0.5), ...Array(8).fill(-Infinity)]) {
    const [, after] = await runKernel(gpu, {
      kernel: "loss_scale",
      constants: { GROWTH_STEPS: RULE.growthSteps, MIN_SCALE: RULE.minScale, MAX_SCALE: RULE.maxScale },
      tensors: [Float32Array.of(0, norm, state[0]), Float32Array.of(0.125, ...state)],
      extent: 1,
    });
    state = nextLossScale(state, norm, RULE);
    assert.deepEqual([...after], [0.125, ...state]);
    scales.push(state[0]);
  }
  // Doubled after three good steps, halved at once, held at both ends.
  assert.deepEqual(scales.slice(0, 6), [16, 16, 32, 16, 16, 8]);
  assert.ok(scales.includes(64) && scales.at(-1) === 1);
});
