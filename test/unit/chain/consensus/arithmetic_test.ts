/**
 * The arithmetic under consensus, held to the runtime's own tests (pallets/subtensor/src/tests/math.rs at spec 293). Each
 * names its source. Numbers are written as decimals: a float's 24 bits, as there, become a fixed-point number exactly.
 */
import { strict as assert } from "node:assert";
import {
  exponential,
  type Fixed,
  fixed,
  FIXED_MAX,
  FIXED_MIN,
  maxUpscale,
  multiply,
  normalize,
  normalizeAmounts,
  ONE,
  proportion,
  toU16,
  toU16Proportion,
} from "../../../../src/chain/consensus/fixed_point.ts";
import { weightedMedian, weightedMedians } from "../../../../src/chain/consensus/median.ts";
import * as sparse from "../../../../src/chain/consensus/sparse.ts";

const of = (value: number): Fixed => BigInt(Math.floor(Math.fround(value) * 2 ** 32));
const all = (...values: number[]): Fixed[] => values.map(of);
/** Row by row; what is zero is left out. */
function matrix(rowCount: number, values: readonly number[]): sparse.Matrix {
  const width = values.length / rowCount;
  return Array.from(
    { length: rowCount },
    (_, i) =>
      values.slice(i * width, (i + 1) * width).flatMap((value, j): sparse.Row =>
        value === 0 ? [] : [[j, of(value)]]
      ),
  );
}
const TWELVE = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const WITHOUT_COLUMN = [0, 2, 3, 4, 0, 6, 7, 8, 0, 10, 11, 12];

Deno.test("the weighted median is the score that a majority of stake reaches (test_math_weighted_median)", () => {
  const cases: [number[], number[], number][] = [
    [[], [], 0],
    [[0.51], [1], 1],
    [[0.49, 0.51], [0.5, 1], 1],
    [[0.51, 0.49], [0.5, 1], 0.5],
    [[0.49, 0, 0.51], [0.5, 0.7, 1], 1],
    [[0.49, 0.01, 0.5], [0.5, 0.7, 1], 0.7],
    [[0.49, 0.51, 0], [0.5, 0.7, 1], 0.7],
    [[0, 0.49, 0.51], [0.5, 0.7, 1], 1],
    [[0, 0.49, 0, 0.51], [0.5, 0.5, 1, 1], 1],
    [[0, 0.49, 0, 0.51, 0], [0.5, 0.5, 1, 1, 0.5], 1],
    [[0.2, 0.2, 0.2, 0.2, 0.2], [0.8, 0.2, 1, 0.6, 0.4], 0.6],
    [new Array(10).fill(0.1), [0.8, 0.8, 0.2, 0.2, 1, 1, 0.6, 0.6, 0.4, 0.4], 0.6],
  ];
  for (const [stake, scores, median] of cases) {
    assert.equal(weightedMedian(all(...stake), all(...scores), ONE - of(0.51)), of(median));
  }
});

Deno.test("medians of columns leave out who has no stake (test_math_weighted_median_col_sparse)", () => {
  assert.deepEqual(weightedMedians([], [], 0, of(0.5)), []);
  assert.deepEqual(weightedMedians(all(0, 0), matrix(2, [0, 0, 0, 0]), 2, of(0.5)), [0n, 0n]);
  const weights = matrix(4, [0, 0.1, 0, 0, 0.2, 0.4, 0, 0.3, 0.1, 0, 0.4, 0.5]);
  const stake = all(0, 0.75, 0.25, 0);
  for (
    const [majority, medians] of [[0.24, [0, 0.3, 0.4]], [0.26, [0, 0.2, 0.4]], [0.76, [
      0,
      0.2,
      0.1,
    ]]] as const
  ) {
    assert.deepEqual(weightedMedians(stake, weights, 3, of(majority)), all(...medians));
  }
  const others = matrix(4, [0, 0.1, 0, 0, 0.2, 0.4, 0, 0.3, 0.1, 0, 0, 0.5]);
  assert.deepEqual(weightedMedians(all(0, 0.3, 0.2, 0.5), others, 3, of(0.51)), all(0, 0, 0.4));
});

Deno.test("columns are clipped at their threshold (test_math_col_clip_sparse)", () => {
  const thresholds = all(0, 5, 12);
  const clipped = sparse.clipColumns(matrix(4, [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), thresholds);
  assert.deepEqual(clipped, matrix(4, [0, 2, 3, 0, 5, 6, 0, 5, 9, 0, 5, 12]));
  const holes = sparse.clipColumns(matrix(4, [0, 2, 3, 4, 5, 6, 0, 0, 0, 10, 11, 12]), thresholds);
  assert.deepEqual(holes, matrix(4, [0, 2, 3, 0, 5, 6, 0, 0, 0, 0, 5, 12]));
});

Deno.test("sums over rows (test_math_row_sum_sparse)", () => {
  assert.deepEqual(sparse.rowSums(matrix(4, TWELVE)), all(6, 15, 24, 33));
  assert.deepEqual(sparse.rowSums(matrix(4, WITHOUT_COLUMN)), all(5, 10, 15, 33));
  assert.deepEqual(sparse.rowSums(matrix(4, [1, 2, 3, 0, 0, 0, 7, 8, 9, 10, 11, 12])), all(6, 0, 24, 33));
});

Deno.test("products with a vector, by column and by row (test_math_sparse_matmul, …_transpose)", () => {
  const four = all(1, 2, 3, 4);
  assert.deepEqual(sparse.sumWeightedRows(matrix(4, TWELVE), four, 3), all(70, 80, 90));
  assert.deepEqual(sparse.sumWeightedRows(matrix(4, WITHOUT_COLUMN), four, 3), all(69, 70, 63));
  const three = all(1, 2, 3);
  assert.deepEqual(sparse.sumWeightedColumns(matrix(4, TWELVE), three), all(14, 32, 50, 68));
  assert.deepEqual(sparse.sumWeightedColumns(matrix(4, WITHOUT_COLUMN), three), all(13, 22, 23, 68));
});

Deno.test("rows come to one and columns up to one (test_math_inplace_row_normalize_sparse, …_col_max_upscale_sparse)", () => {
  const rows = sparse.normalizeRows(matrix(2, [0, 1, 0, 2, 0, 3, 4, 1, 2, 3, 0, 0, 0, 0]));
  assertNear(rows, matrix(2, [0, 0.1, 0, 0.2, 0, 0.3, 0.4, 0.166666, 0.333333, 0.5, 0, 0, 0, 0]));
  const columns = sparse.maxUpscaleColumns(matrix(3, [1, 10, 4, 100, 2, 10000]), 2);
  assertNear(columns, matrix(3, [0.25, 0.001, 1, 0.01, 0.5, 1]));
  assert.deepEqual(sparse.normalizeRows([[]]), [[]]);
  assert.deepEqual(sparse.maxUpscaleColumns([[[0, 0n]]], 1), [[[0, 0n]]]);
});

Deno.test("between two matrices (test_math_interpolate_sparse)", () => {
  const [a, b] = [matrix(3, [1, 0, 100, 1000, 10000, 100000]), matrix(3, [10, 100, 1000, 10000, 100000, 0])];
  assert.deepEqual(sparse.interpolate(a, b, 0n, ONE), a);
  assert.deepEqual(sparse.interpolate(a, b, ONE, ONE), b);
  const between = sparse.interpolate(a, b, BigInt(Math.floor(0.9 * 2 ** 32)), ONE);
  assertNear(between, matrix(3, [9.1, 90, 910, 9100, 91000, 10000]), 0.0001);
});

Deno.test("the largest becomes 65535 (test_vec_max_upscale_to_u16)", () => {
  const cases: [Fixed[], number[]][] = [
    [[], []],
    [all(0, 0), [0, 0]],
    [all(0, 1), [0, 65535]],
    [all(0, 0.000000001), [0, 65535]],
    [all(0, 0.000016, 1), [0, 1, 65535]],
    [all(0.000000001, 0.000000001), [65535, 65535]],
    [all(0.000001, 0.000006, 0.000007, 0.0001, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4), [
      0,
      1,
      1,
      16,
      164,
      1638,
      16384,
      32768,
      49151,
      65535,
    ]],
    [[fixed(16384)], [65535]],
    [[fixed(32768)], [65535]],
    [[fixed(32769)], [65535]],
    [[fixed(65535)], [65535]],
    [[FIXED_MAX], [65535]],
    [all(0, 1, 65535), [0, 1, 65535]],
    [all(0, 0.5, 1, 1.5, 2, 32768), [0, 1, 2, 3, 4, 65535]],
    [all(0, 0.5, 1, 1.5, 2, 32768, 32769), [0, 1, 2, 3, 4, 65533, 65535]],
    [[0n, fixed(1), fixed(32768), fixed(32769), FIXED_MAX], [0, 0, 1, 1, 65535]],
  ];
  for (const [values, expected] of cases) assert.deepEqual(maxUpscale(values), expected);
});

Deno.test("u16 shares and back, cut to the range (test_math_u16_proportion_to_fixed, test_fixed_proportion_to_u16, …_saturates)", () => {
  assert.equal(proportion(65535), ONE);
  assert.equal(proportion(0), 0n);
  assert.equal(toU16Proportion(ONE), 65535);
  assert.equal(toU16Proportion(FIXED_MAX), 65535);
  assert.equal(toU16(fixed(-1)), 0);
  assert.equal(multiply(FIXED_MAX, FIXED_MAX), FIXED_MAX);
  assert.equal(multiply(FIXED_MAX, FIXED_MIN), FIXED_MIN);
});

Deno.test("amounts normalise with 64 bits before 32 are kept (test_math_u64_normalization, test_math_normalize)", () => {
  const max = 21_000_000_000_000_000n;
  assert.deepEqual(normalizeAmounts([1n, max / 2n, max / 2n - 1n]), [0n, ONE / 2n, ONE / 2n - 1n]);
  assert.equal(normalizeAmounts([4_889_444n, max - 4_889_444n])[0], 1n);
  assert.deepEqual(normalizeAmounts([max]), [ONE]);
  assert.deepEqual(normalize(all(0, 0)), [0n, 0n]);
  assert.deepEqual(normalize(all(1, 1, 2)), all(0.25, 0.25, 0.5));
});

Deno.test("e to the power of x is cut at twenty (test_math_exp_safe)", () => {
  assert.equal(exponential(0n), ONE);
  assert.equal(exponential(fixed(-21)), exponential(fixed(-20)));
  assert.equal(exponential(FIXED_MIN), exponential(fixed(-20)));
  assert.equal(exponential(FIXED_MAX), exponential(fixed(20)));
  for (const x of [-20, -5, -1, -0.25, 0.5, 1, 5]) {
    const exact = Math.exp(x);
    assert.ok(Math.abs(Number(exponential(of(x))) / 2 ** 32 - exact) < 1e-7 * (1 + exact), `e^${x}`);
  }
});

function assertNear(actual: sparse.Matrix, expected: sparse.Matrix, tolerance = 0.0001): void {
  const shape = (of: sparse.Matrix) => of.map((row) => row.map(([j]) => j));
  assert.deepEqual(shape(actual), shape(expected));
  const values = (of: sparse.Matrix) => of.flatMap((row) => row.map(([, value]) => Number(value) / 2 ** 32));
  values(actual).forEach((value, i) => {
    const wanted = values(expected)[i];
    assert.ok(Math.abs(value - wanted) <= tolerance * Math.max(1, wanted), `${value} is near ${wanted}`);
  });
}
