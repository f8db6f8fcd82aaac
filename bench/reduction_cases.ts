/** The reduction of chunks: one chunk of eight members, in each encoding. */
import type { Random } from "../src/base/random.ts";
import type { Codec } from "../src/codec/codec.ts";
import { f16Codec } from "../src/codec/f16.ts";
import { f32Codec } from "../src/codec/f32.ts";
import { i4Blockwise } from "../src/codec/i4_blockwise.ts";
import { u8Blockwise } from "../src/codec/u8_blockwise.ts";
import { reduceF16Encode } from "../src/reference/reduce_f16_encode.ts";
import { reduceF16Sum } from "../src/reference/reduce_f16_sum.ts";
import { reduceF32Sum } from "../src/reference/reduce_f32_sum.ts";
import { reduceI4Sum } from "../src/reference/reduce_i4_sum.ts";
import { reduceTrimmedMean } from "../src/reference/reduce_trimmed_mean.ts";
import { reduceU8Encode } from "../src/reference/reduce_u8_encode.ts";
import { reduceU8Scale } from "../src/reference/reduce_u8_scale.ts";
import { reduceU8Sum } from "../src/reference/reduce_u8_sum.ts";
import { chunkForm } from "../src/train/chunk_form.ts";
import { packMembers, reduceShape } from "../test/kernels/reduce_u8_shapes.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

function encodedSum(count: number, random: Random) {
  const sum = new Float32Array(Math.ceil(count / 4) * 4);
  sum.set(normals(random, count));
  return { sum, shape: reduceShape(count, 1), scales: reduceU8Scale(sum.subarray(0, count)) };
}

type SumTwin = (encoded: readonly Uint8Array[], shares: readonly number[], count: number) => Float64Array;

function sumCase(codec: Codec, twin: SumTwin): CaseMaker {
  return ({ chunkElements: count, members: memberCount }, random) => {
    const form = chunkForm(codec)!;
    const members = Array.from({ length: memberCount }, () => codec.encode(normals(random, count)));
    const shares = new Float32Array(memberCount).fill(1 / memberCount);
    const stride = form.words(count);
    const packed = packMembers(members, stride);
    const sum = new Float32Array(Math.ceil(count / 4) * 4);
    return {
      kernel: form.sum,
      shape: `${memberCount}×${count}`,
      constants: {},
      tensors: [Uint32Array.of(count, memberCount, stride, form.blocks(count)), packed, shares, sum],
      uniform: true,
      extent: sum.length / 4,
      expected: () => new Map([[3, twin(members, [...shares], count)]]),
      work: bytesOf(packed, sum),
    };
  };
}

export const REDUCTION_CASES: readonly CaseMaker[] = [
  sumCase(f32Codec, reduceF32Sum),
  sumCase(f16Codec, reduceF16Sum),
  sumCase(u8Blockwise, reduceU8Sum),
  sumCase(i4Blockwise, reduceI4Sum),
  ({ chunkElements: count }, random) => {
    const sum = normals(random, Math.ceil(count / 4) * 4);
    const words = new Uint32Array(sum.length / 2);
    return {
      kernel: "reduce_f16_encode",
      shape: `${count}`,
      constants: {},
      tensors: [Uint32Array.of(count, 1, 0, 0), sum, words],
      uniform: true,
      extent: sum.length / 4,
      expected: () => new Map([[2, new Uint32Array(reduceF16Encode(sum).buffer)]]),
      work: bytesOf(sum, words),
    };
  },
  ({ chunkElements: count, members: memberCount }, random) => {
    const stride = Math.ceil(count / 4) * 4;
    const packed = normals(random, memberCount * stride);
    const weights = new Float32Array(memberCount).fill(1 / memberCount);
    const drop = (memberCount - 1) >> 2;
    const rows = Array.from(weights, (_, m) => packed.subarray(m * stride, m * stride + count));
    const sum = new Float32Array(stride);
    return {
      kernel: "reduce_trimmed_mean",
      shape: `${memberCount}×${count}`,
      constants: {},
      tensors: [Uint32Array.of(count, memberCount, stride, drop), packed, weights, sum],
      uniform: true,
      extent: stride,
      expected: () => {
        const padded = new Float64Array(stride);
        padded.set(reduceTrimmedMean(rows, [...weights], drop));
        return new Map([[3, padded]]);
      },
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
