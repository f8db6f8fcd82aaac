/** One LAMB step over three tensors and a gap, for the tests of its kernels. */
import type { Random } from "../../src/base/random.ts";
import { lambBlocks } from "../../src/optim/lamb.ts";
import { normal } from "./kernel_harness.ts";

export const HYPER = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-6,
  weightDecay: 0.1,
  maxGradNorm: 1,
  learningRate: 0.01,
  step: 3,
} as const;

export const SCHEDULE = Float32Array.of(0.01, 1 / (1 - 0.9 ** 3), 1 / (1 - 0.95 ** 3));

export const MOMENT_CONSTANTS = { BETA1: 0.9, BETA2: 0.95, EPSILON: 1e-6, WEIGHT_DECAY: 0.1, MAX_NORM: 1 };

const TENSORS = [
  { offset: 0, elementCount: 300, decay: true },
  { offset: 384, elementCount: 128, decay: true },
  { offset: 512, elementCount: 7, decay: false },
];
export const COUNT = 519;
export const DECAY_COUNT = 512;
export const BLOCKS = lambBlocks(TENSORS, COUNT);

/** Gaps are zero, as they are in the flat vector. */
export function drawState(random: Random, lossScale: number) {
  const draw = (scale: number) => {
    const values = normal(random, COUNT, scale);
    values.fill(0, 300, 384);
    return values;
  };
  return { gradients: draw(lossScale), parameters: draw(1), m: draw(1), v: draw(1).map(Math.abs) };
}
