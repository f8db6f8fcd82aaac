/** LAMB's step over one GPT-2 block's parameters, as one tensor. */
import { lambBlocks } from "../src/optim/lamb.ts";
import { lambMoments } from "../src/reference/lamb_moments.ts";
import { lambRatios } from "../src/reference/lamb_ratios.ts";
import { lambUpdate } from "../src/reference/lamb_update.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

const CONSTANTS = { EPSILON: 1e-6, WEIGHT_DECAY: 0.01, FIRST_BLOCK: 0 };
const SCHEDULE = Float32Array.of(1e-3, 1 / (1 - 0.9 ** 3), 1 / (1 - 0.999 ** 3));
const STATISTICS = Float32Array.of(0, 0.5, 1);

function hyper(count: number) {
  return {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-6,
    weightDecay: 0.01,
    maxGradNorm: 1,
    learningRate: 1e-3,
    step: 3,
    gradNorm: 0.5,
    lossScale: 1,
    decayElementCount: count,
  };
}

export const LAMB_CASES: readonly CaseMaker[] = [
  ({ parameters: count }, random) => {
    const [gradients, parameters, m] = [0, 0, 0].map(() => normals(random, count));
    const v = normals(random, count).map((x) => 1 + Math.abs(x)); // So that r divides by nothing small.
    const blocks = Math.ceil(count / 128);
    const constants = { ...CONSTANTS, COUNT: count, DECAY_COUNT: count };
    return {
      kernel: "lamb_moments",
      shape: `${count}`,
      constants: { ...constants, BETA1: 0.9, BETA2: 0.999, MAX_NORM: 1 },
      tensors: [gradients, STATISTICS, SCHEDULE, parameters, m, v, new Float32Array(2 * blocks)],
      extent: () => [Math.ceil(blocks / 64), 64],
      expected: () => {
        const [m64, v64] = [m, v].map((values) => Float64Array.from(values));
        const norms = lambMoments(gradients, parameters, m64, v64, hyper(count));
        return new Map([[4, m64], [5, v64], [6, norms]]);
      },
      work: bytesOf(gradients, parameters, m, v, m, v),
    };
  },
  ({ parameters: count }, random) => {
    const norms = normals(random, 2 * Math.ceil(count / 128)).map(Math.abs);
    const spans = Uint32Array.of(0, norms.length / 2, 1);
    return {
      kernel: "lamb_ratios",
      shape: `1×${norms.length / 2}`,
      constants: { TENSORS: 1, MAX_RATIO: 10 },
      tensors: [norms, spans, new Float32Array(1)],
      extent: () => [1, 1],
      expected: () => new Map([[2, lambRatios(norms, spans, 10)]]),
      work: bytesOf(norms),
    };
  },
  ({ parameters: count }, random) => {
    const [parameters, m] = [0, 0].map(() => normals(random, count));
    const v = normals(random, count).map((x) => 1 + Math.abs(x));
    const { tensorOf } = lambBlocks([{ offset: 0, elementCount: count, decay: true }], count);
    const ratios = Float32Array.of(0.7);
    return {
      kernel: "lamb_update",
      shape: `${count}`,
      constants: { ...CONSTANTS, COUNT: count, DECAY_COUNT: count },
      tensors: [STATISTICS, SCHEDULE, m, v, ratios, tensorOf, parameters],
      extent: count,
      expected: () => {
        const p64 = Float64Array.from(parameters);
        lambUpdate(p64, m, v, { ratios, tensorOf }, hyper(count));
        return new Map([[6, p64]]);
      },
      work: bytesOf(parameters, m, v, parameters),
    };
  },
];
