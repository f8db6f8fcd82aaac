/** The optimiser's step: one GPT-2 block's parameters; and the numerics gate, whatever the size. */
import { adamw } from "../src/reference/adamw.ts";
import { biasTerms, stepOutcome } from "../src/reference/step_outcome.ts";
import { numericsGate } from "../src/reference/numerics_gate.ts";
import { squaredNorm } from "../src/reference/squared_norm.ts";
import { stepStatistics } from "../src/reference/step_statistics.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

const PARTIAL_COUNT = 4096;

export const TRAINING_CASES: readonly CaseMaker[] = [
  ({ parameters: count }, random) => {
    const hyper = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
    const step = {
      ...hyper,
      learningRate: 1e-3,
      step: 3,
      gradNorm: 0.5,
      lossScale: 1,
      decayElementCount: count,
    };
    const [gradients, parameters, m] = [0, 0, 0].map(() => normals(random, count));
    const v = normals(random, count).map(Math.abs);
    const schedule = Float32Array.of(1e-3, 1 / (1 - 0.9 ** 3), 1 / (1 - 0.95 ** 3));
    return {
      kernel: "adamw",
      shape: `${count}`,
      constants: {
        COUNT: count,
        DECAY_COUNT: count,
        BETA1: 0.9,
        BETA2: 0.95,
        EPSILON: 1e-8,
        WEIGHT_DECAY: 0.1,
        MAX_NORM: 1,
      },
      tensors: [gradients, Float32Array.of(0, 0.5, 1), schedule, parameters, m, v],
      extent: count,
      expected: () => {
        const [p64, m64, v64] = [parameters, m, v].map((values) => Float64Array.from(values));
        adamw(gradients, p64, m64, v64, step);
        return new Map([[3, p64], [4, m64], [5, v64]]);
      },
      work: bytesOf(gradients, parameters, m, v, parameters, m, v),
    };
  },
  ({ parameters: count }, random) => {
    const values = normals(random, count);
    return {
      kernel: "squared_norm",
      shape: `${count}`,
      constants: { COUNT: count, PARTIALS: PARTIAL_COUNT },
      tensors: [values, new Float32Array(PARTIAL_COUNT)],
      extent: PARTIAL_COUNT,
      expected: () => new Map([[1, squaredNorm(values, PARTIAL_COUNT)]]),
      work: bytesOf(values),
    };
  },
  ({ tokens }, random) => {
    const [losses, partials] = [tokens, PARTIAL_COUNT].map((count) => normals(random, count).map(Math.abs));
    const scaling = Float32Array.of(1 / tokens, 1);
    return {
      kernel: "step_statistics",
      shape: `${tokens}, ${PARTIAL_COUNT}`,
      constants: { ROWS: tokens, PARTIALS: PARTIAL_COUNT },
      tensors: [losses, partials, scaling, new Float32Array(3)],
      extent: 1,
      expected: () => new Map([[3, stepStatistics(losses, partials, scaling)]]),
      work: bytesOf(losses, partials),
    };
  },
  ({ parameters: count }, random) => {
    const masters = normals(random, count);
    return {
      kernel: "cast_parameters",
      shape: `${count}`,
      constants: { COUNT: count },
      tensors: [masters, new Float32Array(count)],
      extent: count,
      expected: () => new Map([[1, masters]]), // The bench compiles for f32, where nothing is rounded.
      work: bytesOf(masters, masters),
    };
  },
  () => {
    const rule = { beta1: 0.9, beta2: 0.95, growthSteps: 2, minScale: 1, maxScale: 1024 };
    const state = { steps: 1, lossScale: 8, goodSteps: 1 };
    const after = stepOutcome(state, 1, rule);
    return {
      kernel: "step_outcome",
      shape: "1",
      constants: { BETA1: 0.9, BETA2: 0.95, GROWTH_STEPS: 2, MIN_SCALE: 1, MAX_SCALE: 1024 },
      tensors: [
        Float32Array.of(0, 1, 8),
        Float32Array.of(1, ...biasTerms(state, rule)),
        Float32Array.of(1, state.lossScale, state.goodSteps),
      ],
      extent: 1,
      expected: () =>
        new Map<number, ArrayLike<number>>([
          [1, [1, ...biasTerms(after, rule)]],
          [2, [1, after.lossScale, after.goodSteps]],
        ]),
      work: { bytes: 64 },
    };
  },
  (_, random) => {
    const [rows, columns, inner] = [19, 13, 24];
    const [a, b] = [normals(random, rows * inner), normals(random, columns * inner)];
    const y = new Float32Array(rows * 4 * columns);
    return {
      kernel: "numerics_gate",
      shape: `${rows}×${columns}×${inner}`,
      constants: { ROWS: rows, COLUMNS: columns, INNER: inner },
      tensors: [a, b, Float32Array.of(1, 2), y, new Float32Array(2)],
      extent: rows,
      expected: () => new Map<number, ArrayLike<number>>([[3, numericsGate(a, b, inner)], [4, [2, 4]]]),
      work: { flops: 4 * rows * columns * inner },
    };
  },
];
