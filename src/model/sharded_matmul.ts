/**
 * Matrix products with a matrix of parameters, or its gradient, that may lie in several shards of rows (parameter_partition.ts),
 * because the adapter binds no more at once. Where those rows are the inner dimension each shard adds to what the ones before
 * it left in y, which in f16 rounds once more a shard; else each makes its own columns or rows of the result. One shard is one
 * product, as without shards.
 */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";
import { addGelu, type FollowingGelu } from "./gelu.ts";
import { matmulNN, matmulNT, type MatmulShape, matmulTN } from "./matmul.ts";
import type { Shard } from "./parameter_store.ts";

/** y[rows, columns] = a[rows, inner]·w, w [inner, columns] in shards; bias [columns]. Adds to y when `accumulate`; GELU follows. */
export function shardedNN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  w: readonly Shard[],
  y: Binding,
  { bias, accumulate = false, gelu }: { bias?: Binding; accumulate?: boolean; gelu?: FollowingGelu } = {},
): void {
  const along = w.length === 1 ? gelu : undefined;
  w.forEach(({ firstRow, rowCount, binding }, index) => {
    matmulNN(plan, { ...shape, inner: rowCount }, a, binding, y, {
      bias: index === 0 ? bias : undefined,
      gelu: along,
      accumulate: accumulate || index > 0,
      strides: { a: shape.inner },
      offsets: { a: firstRow },
    });
  });
  if (gelu !== undefined && along === undefined) addGelu(plan, shape.rows * shape.columns, gelu, y);
}

/** y[rows, columns] = a[rows, inner]·wᵀ, w [columns, inner] in shards; GELU follows, or its gradient. */
export function shardedNT(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  w: readonly Shard[],
  y: Binding,
  { gelu }: { gelu?: FollowingGelu } = {},
): void {
  const along = w.length === 1 ? gelu : undefined;
  for (const { firstRow, rowCount, binding } of w) {
    matmulNT(plan, { ...shape, columns: rowCount }, a, binding, y, {
      gelu: along,
      strides: { y: shape.columns },
      offsets: { y: firstRow },
    });
  }
  if (gelu !== undefined && along === undefined) addGelu(plan, shape.rows * shape.columns, gelu, y);
}

/** dw[rows, columns] = a[inner, rows]ᵀ·b[inner, columns], dw in shards. Adds to it when `accumulate`. */
export function shardedTN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  dw: readonly Shard[],
  { accumulate = false }: { accumulate?: boolean } = {},
): void {
  for (const { firstRow, rowCount, binding } of dw) {
    matmulTN(plan, { ...shape, rows: rowCount }, a, b, binding, {
      accumulate,
      strides: { a: shape.rows },
      offsets: { a: firstRow },
    });
  }
}
