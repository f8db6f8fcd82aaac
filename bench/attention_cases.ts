/**
 * Causal attention over GPT-2's packed matrix. Operations are counted for the T(T+1)/2 visible pairs of query and key, 2·D for
 * each product of a pair: two forward (score, value), three for the queries' gradient, four for the keys' and values'.
 */
import type { Random } from "../src/base/random.ts";
import {
  type AttentionDispatch,
  type AttentionForm,
  type AttentionShape,
  forwardDispatch,
  keyValueBackwardDispatch,
  packedRanges,
  queryBackwardDispatch,
} from "../src/model/attention_dispatch.ts";
import { packedColumns } from "../src/reference/attention_columns.ts";
import { attentionForward } from "../src/reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../src/reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../src/reference/attention_query_backward.ts";
import { type CaseMaker, type KernelCase, normals, type Size } from "./kernel_case.ts";

/** The forms, and the tiled one of a head size that is no multiple of 4, one less than the others'. */
type Case = AttentionForm | "tiled-odd";

function attention({ tokens: contextLength, width: full, heads }: Size, random: Random, of: Case) {
  const headSize = full / heads - (of === "tiled-odd" ? 1 : 0);
  const width = heads * headSize;
  const shape = { batchSize: 1, contextLength, headCount: heads, keyValueHeadCount: heads, headSize };
  const [qkv, dout] = [normals(random, contextLength * 3 * width), normals(random, contextLength * width)];
  const packed = packedRanges(shape);
  const whole = { rowStride: width, columnOffset: 0 };
  return {
    form: of === "direct" ? "direct" as const : "tiled" as const,
    shape,
    qkv,
    dout,
    inputs: packedColumns(qkv, shape),
    at: {
      ...packed,
      out: whole,
      dout: whole,
      dqueries: packed.queries,
      dkeys: packed.keys,
      dvalues: packed.values,
    },
    statistics: () => new Float32Array(contextLength * heads),
  };
}

/** @param products of D multiply-adds for each visible pair */
function common(
  { contextLength, headCount, headSize }: AttentionShape,
  products: number,
  dispatch: (workgroupSize: number) => AttentionDispatch,
): Pick<KernelCase, "kernel" | "shape" | "constants" | "extent" | "work"> {
  const { kernel, constants } = dispatch(1);
  const pairs = (contextLength * (contextLength + 1)) / 2;
  return {
    kernel,
    constants,
    shape: `T ${contextLength}, ${headCount} heads of ${headSize}`,
    extent: (workgroupSize) => dispatch(workgroupSize).grid,
    work: { flops: products * 2 * pairs * headCount * headSize },
  };
}

const forward = (of: Case): CaseMaker => (size, random) => {
  const { form, shape, qkv, dout, at, inputs, statistics } = attention(size, random, of);
  return {
    ...common(shape, 2, (workgroupSize) => forwardDispatch(form, shape, at, workgroupSize)),
    tensors: [qkv, qkv, qkv, new Float32Array(dout.length), statistics()],
    expected: () => {
      const { out, logSumExp } = attentionForward(inputs, shape);
      return new Map([[3, out], [4, logSumExp]]);
    },
  };
};

const queryBackward = (of: Case): CaseMaker => (size, random) => {
  const { form, shape, qkv, dout, at, inputs, statistics } = attention(size, random, of);
  const [out, logSumExp] = Object.values(attentionForward(inputs, shape)).map((v) => Float32Array.from(v));
  return {
    ...common(shape, 3, (workgroupSize) => queryBackwardDispatch(form, shape, at, workgroupSize)),
    tensors: [qkv, qkv, qkv, out, logSumExp, dout, new Float32Array(qkv.length), statistics()],
    expected: () => {
      const gradient = new Float64Array(qkv.length);
      const { queries } = packedColumns(gradient, shape);
      const rowDot = attentionQueryBackward(inputs, { out, logSumExp, dout }, shape, queries);
      return new Map([[6, gradient], [7, rowDot]]);
    },
  };
};

const keyValueBackward = (of: Case): CaseMaker => (size, random) => {
  const { form, shape, qkv, dout, at, inputs } = attention(size, random, of);
  const { out, logSumExp } = attentionForward(inputs, shape);
  const { queries } = packedColumns(new Float64Array(qkv.length), shape);
  const rowDot = attentionQueryBackward(inputs, { out, logSumExp, dout }, shape, queries);
  const [saved, dots] = [logSumExp, rowDot].map((values) => Float32Array.from(values));
  return {
    ...common(shape, 4, (workgroupSize) => keyValueBackwardDispatch(form, shape, at, true, workgroupSize)),
    tensors: [qkv, qkv, qkv, saved, dots, dout, new Float32Array(qkv.length), new Float32Array(4)],
    expected: () => {
      const gradient = new Float64Array(qkv.length);
      const { keys: dkeys, values: dvalues } = packedColumns(gradient, shape);
      attentionKeyValueBackward(inputs, { logSumExp, rowDot, dout }, shape, { dkeys, dvalues });
      return new Map([[6, gradient]]);
    },
  };
};

export const ATTENTION_CASES: readonly CaseMaker[] = (["direct", "tiled", "tiled-odd"] as const).flatMap((
  of,
) => [
  forward(of),
  queryBackward(of),
  keyValueBackward(of),
]);
