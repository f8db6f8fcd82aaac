/** The optimiser's step and the reduction of u8 chunks: one GPT-2 block's parameters, one chunk of eight members. */
import type { Random } from "../src/base/random.ts";
import { adamw } from "../src/reference/adamw.ts";
import { reduceU8Encode } from "../src/reference/reduce_u8_encode.ts";
import { reduceU8Scale } from "../src/reference/reduce_u8_scale.ts";
import { reduceU8Sum } from "../src/reference/reduce_u8_sum.ts";
import { squaredNorm } from "../src/reference/squared_norm.ts";
import { stepStatistics } from "../src/reference/step_statistics.ts";
import { encodedMember, packMembers, reduceShape } from "../test/kernels/reduce_u8_shapes.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

const PARTIAL_COUNT = 4096;

function encodedSum(count: number, random: Random) {
  const sum = new Float32Array(Math.ceil(count / 4) * 4);
  sum.set(normals(random, count));
  return { sum, shape: reduceShape(count, 1), scales: reduceU8Scale(sum.subarray(0, count)) };
}

export const TRAINING_CASES: readonly CaseMaker[] = [
  ({ parameters: count }, random) => {
    const hyper = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
    const step = { ...hyper, learningRate: 1e-3, step: 3, gradNorm: 0.5, decayElementCount: count };
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
      tensors: [gradients, Float32Array.of(0, 0.5), schedule, parameters, m, v],
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
    return {
      kernel: "step_statistics",
      shape: `${tokens}, ${PARTIAL_COUNT}`,
      constants: { ROWS: tokens, PARTIALS: PARTIAL_COUNT },
      tensors: [losses, partials, new Float32Array(2)],
      extent: 2,
      expected: () => new Map([[2, stepStatistics(losses, partials)]]),
      work: bytesOf(losses, partials),
    };
  },
  ({ chunkElements: count, members: memberCount }, random) => {
    const members = Array.from({ length: memberCount }, () => encodedMember(random, count));
    const shares = new Float32Array(memberCount).fill(1 / memberCount);
    const shape = reduceShape(count, memberCount);
    const packed = packMembers(members, shape[2]);
    const sum = new Float32Array(Math.ceil(count / 4) * 4);
    return {
      kernel: "reduce_u8_sum",
      shape: `${memberCount}×${count}`,
      constants: {},
      tensors: [shape, packed, shares, sum],
      uniform: true,
      extent: sum.length / 4,
      expected: () => new Map([[3, reduceU8Sum(members, [...shares], count)]]),
      work: bytesOf(packed, sum),
    };
  },
  ({ chunkElements: count }, random) => {
    const { sum, shape, scales } = encodedSum(count, random);
    const bits = new Uint32Array(Float32Array.from(scales).buffer);
    return {
      kernel: "reduce_u8_scale",
      shape: `${count}`,
      constants: {},
      tensors: [shape, sum, new Uint32Array(shape[2])],
      uniform: true,
      extent: shape[3],
      expected: () => new Map([[2, bits]]),
      work: bytesOf(sum),
    };
  },
  ({ chunkElements: count }, random) => {
    const { sum, shape, scales } = encodedSum(count, random);
    const before = new Float32Array(shape[2]);
    before.set(scales);
    const words = new Uint32Array(before.buffer);
    return {
      kernel: "reduce_u8_encode",
      shape: `${count}`,
      constants: {},
      tensors: [shape, sum, words],
      uniform: true,
      extent: sum.length / 4,
      expected: () => {
        const bytes = new Uint8Array(words.slice().buffer);
        bytes.set(reduceU8Encode(sum.subarray(0, count), Float32Array.from(scales)), 4 * shape[3]);
        return new Map([[2, new Uint32Array(bytes.buffer)]]);
      },
      work: bytesOf(sum, words),
    };
  },
];
