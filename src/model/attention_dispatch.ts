/** Which kernel attention runs, with what constants and grid; attention.ts binds buffers to it. Pure: no device. */
import type { BackendKind, Grid, KernelName } from "../gpu/mod.ts";

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

/** `direct` is for software adapters and needs rows of whole vec4; `tiled` is for GPUs and takes any head size. */
export type AttentionForm = "direct" | "tiled";

/** Queries, or keys, that one invocation of a direct kernel computes: BLOCK in each. */
const FORWARD_BLOCK = 8;
const BACKWARD_BLOCK = 4;

/**
 * From this context on the direct kernels' neighbouring invocations share a head. Measured on llvmpipe in CPU time: at 128 tokens
 * (8 sequences, 4 heads of 32) it costs 3 to 19 %, at 1024 (12 heads of 64) it saves 15 to 20.
 */
const LONG_CONTEXT = 512;

/** TILE and WORKGROUP of the tiled kernels. */
const TILE = 32;
const TILED_WORKGROUP = 64;
/** Of the queries, in the workgroup memory of attention_forward. */
const MAX_KEPT_COLUMNS = 64;

/** What the direct kernels' registers hold. */
const MAX_DIRECT_HEAD_SIZE = 64;

/** The form that is fastest on a backend, for tensors at `ranges`. */
export function attentionForm(
  backendKind: BackendKind,
  { headSize }: AttentionShape,
  ranges: readonly ColumnRange[],
): AttentionForm {
  const sizes = [headSize, ...ranges.flatMap(({ rowStride, columnOffset }) => [rowStride, columnOffset])];
  const fits = headSize <= MAX_DIRECT_HEAD_SIZE && sizes.every((elements) => elements % 4 === 0);
  return backendKind === "software" && fits ? "direct" : "tiled";
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
  form: AttentionForm,
  shape: AttentionShape,
  { queries, keys, values, out }: Ranges<"queries" | "keys" | "values" | "out">,
  workgroupSize: number,
): AttentionDispatch {
  const columns = columnConstants({ QUERY: queries, KEY: keys, VALUE: values, OUT: out });
  const extent = { heads: shape.headCount, block: FORWARD_BLOCK };
  const constants = form === "tiled"
    ? { ...columns, IS_KEPT: shape.headSize <= MAX_KEPT_COLUMNS ? 1 : 0 }
    : columns;
  return dispatch("attention_forward", form, shape, constants, extent, workgroupSize);
}

export function queryBackwardDispatch(
  form: AttentionForm,
  shape: AttentionShape,
  at: Ranges<"queries" | "keys" | "values" | "out" | "dout" | "dqueries">,
  workgroupSize: number,
): AttentionDispatch {
  const columns = columnConstants({
    QUERY: at.queries,
    KEY: at.keys,
    VALUE: at.values,
    OUT: at.out,
    DOUT: at.dout,
    DQUERY: at.dqueries,
  });
  const extent = { heads: shape.headCount, block: BACKWARD_BLOCK };
  return dispatch("attention_query_backward", form, shape, columns, extent, workgroupSize);
}

/** @param isShared dkeys and dvalues are columns of one binding */
export function keyValueBackwardDispatch(
  form: AttentionForm,
  shape: AttentionShape,
  at: Ranges<"queries" | "keys" | "values" | "dout" | "dkeys" | "dvalues">,
  isShared: boolean,
  workgroupSize: number,
): AttentionDispatch {
  const columns = columnConstants({
    QUERY: at.queries,
    KEY: at.keys,
    VALUE: at.values,
    DOUT: at.dout,
    DKEY: at.dkeys,
    DVALUE: at.dvalues,
  });
  const extent = { heads: shape.keyValueHeadCount, block: BACKWARD_BLOCK };
  const constants = { ...columns, SHARED: isShared ? 1 : 0 };
  return dispatch("attention_key_value_backward", form, shape, constants, extent, workgroupSize);
}

function dispatch(
  kernel: "attention_forward" | "attention_query_backward" | "attention_key_value_backward",
  form: AttentionForm,
  { batchSize, contextLength, headCount, keyValueHeadCount, headSize }: AttentionShape,
  others: Readonly<Record<string, number>>,
  { heads, block }: { heads: number; block: number },
  workgroupSize: number,
): AttentionDispatch {
  const constants = {
    CONTEXT: contextLength,
    HEADS: headCount,
    KEY_VALUE_HEADS: keyValueHeadCount,
    HEAD_SIZE: headSize,
    ...others,
  };
  if (form === "tiled") {
    const isOdd = [headSize, ...positions(others)].some((elements) => elements % 4 !== 0);
    return {
      kernel: isOdd ? `${kernel}_odd` : kernel,
      constants: { ...constants, WORKGROUP: TILED_WORKGROUP },
      grid: [Math.ceil(contextLength / TILE), batchSize * heads],
    };
  }
  const invocations = Math.ceil(contextLength / block) * batchSize * heads;
  return {
    kernel: `${kernel}_direct`,
    constants: { ...constants, BATCH: batchSize, LONG: contextLength >= LONG_CONTEXT ? 1 : 0 },
    grid: [Math.ceil(invocations / workgroupSize), 1],
  };
}

/** Strides and offsets among the constants. */
function positions(constants: Readonly<Record<string, number>>): number[] {
  return Object.entries(constants).filter(([name]) => /_(?:STRIDE|OFFSET)$/.test(name)).map(([, value]) =>
    value
  );
}

function columnConstants(ranges: Readonly<Record<string, ColumnRange>>): Record<string, number> {
  const columns = Object.entries(ranges).flatMap(([name, { rowStride, columnOffset }]) => [
    [`${name}_STRIDE`, rowStride],
    [`${name}_OFFSET`, columnOffset],
  ]);
  return Object.fromEntries(columns);
}
