/** Which kernel attention runs, with what constants and grid; attention.ts binds buffers to it. Pure: no device. */
import type { Grid, KernelName } from "../gpu/mod.ts";

export interface AttentionShape {
  readonly batchSize: number;
  readonly contextLength: number;
  readonly headCount: number;
  /** Divides headCount; query head h reads key-value head ⌊h · keyValueHeadCount / headCount⌋. */
  readonly keyValueHeadCount: number;
  /** At most MAX_HEAD_SIZE, any parity. */
  readonly headSize: number;
}

/** Where in a row-major matrix of B·T rows a tensor is: heads side by side from `columnOffset` on. */
export interface ColumnRange {
  /** Elements from one row to the next. */
  readonly rowStride: number;
  readonly columnOffset: number;
}

export interface AttentionDispatch {
  readonly kernel: KernelName;
  readonly constants: Record<string, number>;
  readonly grid: Grid;
}

type Ranges<Names extends string> = Readonly<Record<Names, ColumnRange>>;

/** The three of GPT-2's packed matrix [N, (H + 2·Hkv)·D]: queries, keys and values side by side. */
export function packedRanges(
  { headCount, keyValueHeadCount, headSize }: AttentionShape,
): Ranges<"queries" | "keys" | "values"> {
  const [width, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const rowStride = width + 2 * keyWidth;
  return {
    queries: { rowStride, columnOffset: 0 },
    keys: { rowStride, columnOffset: width },
    values: { rowStride, columnOffset: width + keyWidth },
  };
}

export function forwardDispatch(
  shape: AttentionShape,
  { queries, keys, values, out }: Ranges<"queries" | "keys" | "values" | "out">,
  workgroupSize: number,
): AttentionDispatch {
  return {
    kernel: "attention_forward",
    constants: constants(shape, { QUERY: queries, KEY: keys, VALUE: values, OUT: out }),
    grid: [Math.ceil(shape.contextLength / workgroupSize), shape.batchSize * shape.headCount],
  };
}

export function queryBackwardDispatch(
  shape: AttentionShape,
  at: Ranges<"queries" | "keys" | "values" | "out" | "dout" | "dqueries">,
  workgroupSize: number,
): AttentionDispatch {
  return {
    kernel: "attention_query_backward",
    constants: constants(shape, {
      QUERY: at.queries,
      KEY: at.keys,
      VALUE: at.values,
      OUT: at.out,
      DOUT: at.dout,
      DQUERY: at.dqueries,
    }),
    grid: [Math.ceil(shape.contextLength / workgroupSize), shape.batchSize * shape.headCount],
  };
}

/** @param isShared dkeys and dvalues are columns of one binding */
export function keyValueBackwardDispatch(
  shape: AttentionShape,
  at: Ranges<"queries" | "keys" | "values" | "dout" | "dkeys" | "dvalues">,
  isShared: boolean,
  workgroupSize: number,
): AttentionDispatch {
  const ranges = {
    QUERY: at.queries,
    KEY: at.keys,
    VALUE: at.values,
    DOUT: at.dout,
    DKEY: at.dkeys,
    DVALUE: at.dvalues,
  };
  return {
    kernel: "attention_key_value_backward",
    constants: { ...constants(shape, ranges), SHARED: isShared ? 1 : 0 },
    grid: [Math.ceil(shape.contextLength / workgroupSize), shape.batchSize * shape.keyValueHeadCount],
  };
}

function constants(
  { contextLength, headCount, keyValueHeadCount, headSize }: AttentionShape,
  ranges: Readonly<Record<string, ColumnRange>>,
): Record<string, number> {
  const columns = Object.entries(ranges).flatMap(([name, { rowStride, columnOffset }]) => [
    [`${name}_STRIDE`, rowStride],
    [`${name}_OFFSET`, columnOffset],
  ]);
  return {
    CONTEXT: contextLength,
    HEADS: headCount,
    KEY_VALUE_HEADS: keyValueHeadCount,
    HEAD_SIZE: headSize,
    ...Object.fromEntries(columns),
  };
}
