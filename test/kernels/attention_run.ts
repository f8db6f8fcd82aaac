/** Attention through its ops, over GPT-2's packed matrix or Llama's separate ones, with the twins' results beside it. */
import type { Random } from "../../src/base/random.ts";
import type { Binding, ElementType, Gpu, Precision } from "../../src/gpu/mod.ts";
import {
  attentionBackward,
  type AttentionForm,
  attentionForward,
  type AttentionShape,
  type Columns,
  columnsOf,
  packedColumns,
} from "../../src/model/mod.ts";
import {
  allColumns,
  type AttentionInputs,
  packedColumns as packedValues,
} from "../../src/reference/attention_columns.ts";
import { attentionForward as forwardTwin } from "../../src/reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../../src/reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../../src/reference/attention_query_backward.ts";
import { assertClose, EPSILON_F16, normal, toHalves } from "./kernel_harness.ts";

export interface AttentionCase extends AttentionShape {
  /** Queries, keys and values in one matrix, as are their gradients. */
  readonly isPacked: boolean;
}

const shape = (
  batchSize: number,
  contextLength: number,
  headCount: number,
  keyValueHeadCount: number,
  headSize: number,
  isPacked = true,
): AttentionCase => ({ batchSize, contextLength, headCount, keyValueHeadCount, headSize, isPacked });

/** For the direct kernels: whole vec4, up to 64 columns; one token, many blocks, groups of query heads. */
export const DIRECT_SHAPES: readonly AttentionCase[] = [
  shape(2, 7, 6, 2, 20, false),
  shape(1, 21, 2, 2, 64),
  shape(1, 1000, 2, 1, 8),
  shape(1, 1, 1, 1, 4),
];

/** For the tiled kernels: contexts around a tile and of many, groups of query heads, every kind of head size. */
export const TILED_SHAPES: readonly AttentionCase[] = [
  shape(2, 7, 6, 2, 5),
  shape(1, 1000, 2, 1, 1, false),
  shape(1, 65, 1, 1, 80),
  shape(1, 31, 2, 1, 128, false),
  shape(1, 70, 2, 1, 64),
];

/**
 * Backward runs all three kernels and all that they leave is compared, so the tests of the two backward kernels take every other
 * shape: the first from 0 on, the second from 1. Compiling them is what takes the time.
 */
export function everyOther(shapes: readonly AttentionCase[], start: 0 | 1): readonly AttentionCase[] {
  return shapes.filter((_, index) => index % 2 === start);
}

/** SwiftShader, a browser's adapter without a GPU, compiles the three kernels for seconds a shape: there the first has to do. */
export function shapesOn(gpu: Gpu, shapes: readonly AttentionCase[]): readonly AttentionCase[] {
  return gpu.facts.architecture === "swiftshader" ? shapes.slice(0, 1) : shapes;
}

function describe({ shape, precision }: AttentionData): string {
  const { batchSize, contextLength, headCount, keyValueHeadCount, headSize, isPacked } = shape;
  return `batch ${batchSize}, context ${contextLength}, ${headCount} heads over ${keyValueHeadCount} of ${headSize}, ` +
    `${isPacked ? "packed" : "separate"}, ${precision}`;
}

/**
 * Softmax over up to 1000 keys: exp is good to about 3 + 2|x| ulp and its errors are relative, so probabilities are good to about
 * 1e-6 of themselves; values and gradients are sums of standard normals, at most about 200 in all.
 */
export const ATTENTION_TOLERANCE = { absolute: 6e-5, relative: 1e-5 };

/**
 * In f16 every stored value is off by half a unit. Backward reads `out` so rounded (at most 4 here), which moves a query's
 * rowDot, a sum of 128 products at most, by about √128·4 half units, and with it the gradients of queries and keys.
 */
export const ATTENTION_TOLERANCE_F16 = { absolute: 48 * EPSILON_F16 / 2, relative: 2 * EPSILON_F16 };

/** What a pass leaves. Of a packed matrix's gradient each has its own columns. */
export type AttentionResults = Readonly<
  Record<"out" | "logSumExp" | "rowDot" | "dqueries" | "dkeys" | "dvalues", ArrayLike<number>>
>;

export interface AttentionData {
  readonly shape: AttentionCase;
  readonly precision: Precision;
  /** The packed matrix, or queries, keys and values. */
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
  readonly dout: Float32Array<ArrayBuffer>;
}

/** Standard normals times `deviation`, as `precision` stores them. */
export function attentionData(
  random: Random,
  of: AttentionCase,
  { deviation = 1, precision = "f32" }: { deviation?: number; precision?: Precision } = {},
): AttentionData {
  const { batchSize, contextLength, headCount, keyValueHeadCount, headSize, isPacked } = of;
  const rows = batchSize * contextLength;
  const [width, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const widths = isPacked ? [width + 2 * keyWidth] : [width, keyWidth, keyWidth];
  const stored = precision === "f16" ? toHalves : (values: Float32Array<ArrayBuffer>) => values;
  return {
    shape: of,
    precision,
    inputs: widths.map((columns) => stored(normal(random, rows * columns, deviation))),
    dout: stored(normal(random, rows * width)),
  };
}

/** Forward, and backward too, on the device. Everything written starts as NaN, so that what is left out shows. */
export async function runAttention(
  gpu: Gpu,
  { shape, precision, inputs, dout }: AttentionData,
  form: AttentionForm,
  passes: "forward" | "both" = "both",
): Promise<AttentionResults> {
  const arena = gpu.arena("test");
  try {
    const filled = (label: string, values: Float32Array<ArrayBuffer>, type: ElementType = precision) => {
      const buffer = arena.allocate(label, values.length, { type });
      gpu.write(buffer, values);
      return buffer.slice(0, values.length);
    };
    const empty = (label: string, elements: number, type?: ElementType) =>
      filled(label, new Float32Array(elements).fill(NaN), type);
    const statistics = shape.batchSize * shape.headCount * shape.contextLength;
    const width = shape.headCount * shape.headSize;
    const at = inputs.map((values, i) => filled(`input ${i}`, values));
    const gradients = inputs.map((values, i) => empty(`gradient ${i}`, values.length));
    const out = empty("out", dout.length);
    const [logSumExp, rowDot] = ["logSumExp", "rowDot"].map((label) => empty(label, statistics, "f32"));
    const bindings = { ...columns(at, shape), out: columnsOf(out, width), logSumExp };
    const { queries, keys, values } = columns(gradients, shape);
    const plan = gpu.plan(precision);
    attentionForward(plan, shape, bindings, form);
    if (passes === "both") {
      const given = { dout: columnsOf(filled("dout", dout), width), rowDot };
      const written = { dqueries: queries, dkeys: keys, dvalues: values };
      attentionBackward(plan, shape, bindings, { ...given, ...written }, form);
    }
    gpu.submit(plan);
    const read = (binding: Binding) => gpu.readF32(binding);
    return {
      out: await read(out),
      logSumExp: await read(logSumExp),
      rowDot: await read(rowDot),
      ...split(await Promise.all(gradients.map(read)), shape),
    };
  } finally {
    arena.destroy();
  }
}

export function twinAttention({ shape, inputs, dout }: AttentionData): AttentionResults {
  const from = valueColumns(inputs, shape);
  const { out, logSumExp } = forwardTwin(from, shape);
  const gradients = inputs.map((values) => new Float64Array(values.length));
  const { queries, keys, values } = valueColumns(gradients, shape);
  const rowDot = attentionQueryBackward(from, { out, logSumExp, dout }, shape, queries);
  const given = { logSumExp, rowDot, dout };
  attentionKeyValueBackward(from, given, shape, { dkeys: keys, dvalues: values });
  return { out, logSumExp, rowDot, ...split(gradients, shape) };
}

/** Runs the ops and the twins, and compares all that the pass leaves. */
export async function assertAttention(
  gpu: Gpu,
  data: AttentionData,
  form: AttentionForm,
  pass: "forward" | "backward",
): Promise<void> {
  const [actual, expected] = [
    await runAttention(gpu, data, form, pass === "forward" ? "forward" : "both"),
    twinAttention(data),
  ];
  const names = pass === "forward"
    ? ["out", "logSumExp"] as const
    : ["rowDot", "dqueries", "dkeys", "dvalues"] as const;
  const tolerance = data.precision === "f16" ? ATTENTION_TOLERANCE_F16 : ATTENTION_TOLERANCE;
  for (const name of names) {
    assertClose(actual[name], expected[name], tolerance, `${name}, ${describe(data)}`);
  }
}

function split(
  matrices: readonly (Float32Array | Float64Array)[],
  shape: AttentionCase,
): Record<"dqueries" | "dkeys" | "dvalues", ArrayLike<number>> {
  if (!shape.isPacked) return { dqueries: matrices[0], dkeys: matrices[1], dvalues: matrices[2] };
  const { queries, keys, values } = packedValues(matrices[0], shape);
  const range = (from: number, to: number) =>
    matrices[0].filter((_, element) => {
      const column = element % queries.rowStride;
      return column >= from && column < to;
    });
  return {
    dqueries: range(0, keys.columnOffset),
    dkeys: range(keys.columnOffset, values.columnOffset),
    dvalues: range(values.columnOffset, queries.rowStride),
  };
}

function columns(
  bindings: readonly Binding[],
  shape: AttentionCase,
): { queries: Columns; keys: Columns; values: Columns } {
  if (shape.isPacked) return packedColumns(bindings[0], shape);
  const [width, keyWidth] = widthsOf(shape);
  return {
    queries: columnsOf(bindings[0], width),
    keys: columnsOf(bindings[1], keyWidth),
    values: columnsOf(bindings[2], keyWidth),
  };
}

export function valueColumns(
  matrices: readonly (Float32Array | Float64Array)[],
  shape: AttentionCase,
): AttentionInputs {
  if (shape.isPacked) return packedValues(matrices[0], shape);
  const [width, keyWidth] = widthsOf(shape);
  return {
    queries: allColumns(matrices[0], width),
    keys: allColumns(matrices[1], keyWidth),
    values: allColumns(matrices[2], keyWidth),
  };
}

function widthsOf({ headCount, keyValueHeadCount, headSize }: AttentionShape): [number, number] {
  return [headCount * headSize, keyValueHeadCount * headSize];
}
