/**
 * Matrix products as dispatches: y = a·b in the three forms of training, with a bias, onto what y holds, or between parts
 * of larger matrices. Every matrix is stored row by row; the last letter pair says which operand is read transposed.
 */
import type { Binding, DispatchPlan, Grid } from "../gpu/mod.ts";

export interface MatmulShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

export interface MatmulOptions {
  /** [columns], added to every row. */
  readonly bias?: Binding;
  /** Add to y instead of overwriting it. */
  readonly accumulate?: boolean;
  /** Elements from one row to the next, as the matrix is stored; by default its rows lie side by side. */
  readonly strides?: { readonly a?: number; readonly b?: number; readonly y?: number };
  /**
   * First element within the binding, 0 by default. Each offset is a pipeline of its own: prefer a binding that starts
   * there where its alignment allows.
   */
  readonly offsets?: { readonly a?: number; readonly b?: number; readonly y?: number };
}

type Form = "nn" | "nt" | "tn";

/** Rows and columns that one invocation of a direct matmul computes. */
const TILE_ROWS = 8;
const TILE_COLUMNS = 4;

/** y[rows, columns] = a[rows, inner]·b[inner, columns] */
export function matmulNN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "nn", shape, [a, b, y], options);
}

/** y[rows, columns] = a[rows, inner]·b[columns, inner]ᵀ */
export function matmulNT(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "nt", shape, [a, b, y], options);
}

/** y[rows, columns] = a[inner, rows]ᵀ·b[inner, columns] */
export function matmulTN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "tn", shape, [a, b, y], options);
}

function addProduct(
  plan: DispatchPlan,
  form: Form,
  shape: MatmulShape,
  [a, b, y]: readonly [Binding, Binding, Binding],
  options: MatmulOptions,
): void {
  // Every declared binding must be bound; without a bias, b stands in and is not read through it.
  plan.add(
    `matmul_${form}`,
    matmulConstants(form, shape, options),
    [a, b, y, options.bias ?? b],
    matmulGrid(shape, plan.workgroupSize),
    { flops: 2 * shape.rows * shape.columns * shape.inner },
  );
}

/** What specialises a matmul kernel to a shape. */
export function matmulConstants(
  form: Form,
  { rows, columns, inner }: MatmulShape,
  { bias, accumulate = false, strides = {}, offsets = {} }: Omit<MatmulOptions, "bias"> & { bias?: unknown },
): Record<string, number> {
  return {
    ROWS: rows,
    COLUMNS: columns,
    INNER: inner,
    A_STRIDE: strides.a ?? (form === "tn" ? rows : inner),
    B_STRIDE: strides.b ?? (form === "nt" ? inner : columns),
    Y_STRIDE: strides.y ?? columns,
    A_OFFSET: offsets.a ?? 0,
    B_OFFSET: offsets.b ?? 0,
    Y_OFFSET: offsets.y ?? 0,
    HAS_BIAS: bias === undefined ? 0 : 1,
    ACCUMULATE: accumulate ? 1 : 0,
  };
}

export function matmulGrid({ rows, columns }: MatmulShape, workgroupSize: number): Grid {
  return [Math.ceil(columns / TILE_COLUMNS / workgroupSize), Math.ceil(rows / TILE_ROWS)];
}
