/**
 * Causal attention. Operations are counted for the T(T+1)/2 visible pairs of query and key, 2·D for each product of a pair:
 * two forward (score, value), three for the queries' gradient, four for the keys' and values'.
 */
import type { Random } from "../src/base/random.ts";
import { attentionForward } from "../src/reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../src/reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../src/reference/attention_query_backward.ts";
import { attentionConstants, attentionGrid } from "../test/kernels/attention_shapes.ts";
import { type CaseMaker, normals, type Size } from "./kernel_case.ts";

function attention({ rows: context, width, heads }: Size, random: Random, productsAPair: number) {
  const shape = { batch: 1, context, heads, headSize: width / heads };
  const [qkv, dout] = [normals(random, context * 3 * width), normals(random, context * width)];
  const pairs = (context * (context + 1)) / 2;
  const common = {
    shape: `T ${context}, ${heads} heads of ${shape.headSize}`,
    constants: attentionConstants(shape),
    extent: (workgroupSize: number) => attentionGrid(shape, workgroupSize),
    work: { flops: productsAPair * 2 * pairs * width },
  };
  const forward = () => {
    const { out, logSumExp } = attentionForward(qkv, shape);
    return { out: Float32Array.from(out), logSumExp: Float32Array.from(logSumExp) };
  };
  return { shape, qkv, dout, common, forward, dqkv: new Float32Array(context * 3 * width) };
}

const forward: CaseMaker = (size, random) => {
  const { shape, qkv, common } = attention(size, random, 2);
  return {
    ...common,
    kernel: "attention_forward",
    tensors: [qkv, new Float32Array(size.rows * size.width), new Float32Array(size.rows * size.heads)],
    expected: () => {
      const { out, logSumExp } = attentionForward(qkv, shape);
      return new Map([[1, out], [2, logSumExp]]);
    },
  };
};

const queryBackward: CaseMaker = (size, random) => {
  const { shape, qkv, dout, common, forward, dqkv } = attention(size, random, 3);
  const { out, logSumExp } = forward();
  return {
    ...common,
    kernel: "attention_query_backward",
    tensors: [qkv, out, logSumExp, dout, dqkv, new Float32Array(size.rows * size.heads)],
    expected: () => {
      const gradient = new Float64Array(dqkv.length);
      const rowDot = attentionQueryBackward({ qkv, out, logSumExp, dout }, shape, gradient);
      return new Map([[4, gradient], [5, rowDot]]);
    },
  };
};

const keyValueBackward: CaseMaker = (size, random) => {
  const { shape, qkv, dout, common, forward, dqkv } = attention(size, random, 4);
  const { out, logSumExp } = forward();
  const rowDot = Float32Array.from(
    attentionQueryBackward({ qkv, out, logSumExp, dout }, shape, new Float64Array(dqkv.length)),
  );
  return {
    ...common,
    kernel: "attention_key_value_backward",
    tensors: [qkv, logSumExp, rowDot, dout, dqkv],
    expected: () => {
      const gradient = new Float64Array(dqkv.length);
      attentionKeyValueBackward({ qkv, logSumExp, rowDot, dout }, shape, gradient);
      return new Map([[4, gradient]]);
    },
  };
};

export const ATTENTION_CASES: readonly CaseMaker[] = [forward, queryBackward, keyValueBackward];
