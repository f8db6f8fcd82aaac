/**
 * Sparse matrices of fixed-point numbers, and the operations of consensus on them. Rows are validators, columns the
 * neurons they speak of; both are uids. The order of additions is the runtime's: by row, within a row as stored.
 */
import { add, divide, type Fixed, multiply, subtract } from "./fixed_point.ts";

export type Cell = readonly [column: number, value: Fixed];
export type Row = readonly Cell[];
export type Matrix = readonly Row[];

export function keepCells(matrix: Matrix, isKept: (row: number, column: number) => boolean): Matrix {
  return matrix.map((row, i) => row.filter(([j]) => isKept(i, j)));
}

const mapCells = (matrix: Matrix, change: (value: Fixed, row: number, column: number) => Fixed): Matrix =>
  matrix.map((row, i) => row.map(([j, value]): Cell => [j, change(value, i, j)]));

/** Σⱼ mᵢⱼ */
export function rowSums(matrix: Matrix): Fixed[] {
  return matrix.map((row) => row.reduce((total, [, value]) => total + value, 0n));
}

export function normalizeRows(matrix: Matrix): Matrix {
  const totals = rowSums(matrix);
  return mapCells(matrix, (value, i) => totals[i] > 0n ? divide(value, totals[i]) : value);
}

export function normalizeColumns(matrix: Matrix, columnCount: number): Matrix {
  const totals = new Array<Fixed>(columnCount).fill(0n);
  for (const row of matrix) for (const [j, value] of row) totals[j] = add(totals[j], value);
  return mapCells(matrix, (value, _, j) => totals[j] === 0n ? value : divide(value, totals[j]));
}

/** The largest of each column becomes one. */
export function maxUpscaleColumns(matrix: Matrix, columnCount: number): Matrix {
  const largest = new Array<Fixed>(columnCount).fill(0n);
  for (const row of matrix) for (const [j, value] of row) if (value > largest[j]) largest[j] = value;
  return mapCells(matrix, (value, _, j) => largest[j] === 0n ? value : divide(value, largest[j]));
}

/** Each row times its factor. */
export function scaleRows(matrix: Matrix, factors: readonly Fixed[]): Matrix {
  return mapCells(matrix, (value, i) => multiply(value, factors[i]));
}

/** Σᵢ vᵢ mᵢⱼ, of a column each */
export function sumWeightedRows(matrix: Matrix, vector: readonly Fixed[], columnCount: number): Fixed[] {
  const result = new Array<Fixed>(columnCount).fill(0n);
  matrix.forEach((row, i) => {
    for (const [j, value] of row) result[j] = add(result[j], multiply(vector[i], value));
  });
  return result;
}

/** Σⱼ mᵢⱼ vⱼ, of a row each */
export function sumWeightedColumns(matrix: Matrix, vector: readonly Fixed[]): Fixed[] {
  return matrix.map((row) => row.reduce((total, [j, value]) => add(total, multiply(vector[j], value)), 0n));
}

/** No value above its column's threshold; what a threshold of zero cuts goes. */
export function clipColumns(matrix: Matrix, thresholds: readonly Fixed[]): Matrix {
  return matrix.map((row) =>
    row.flatMap(([j, value]): Row => {
      const threshold = thresholds[j];
      if (value <= threshold) return [[j, value]];
      return threshold > 0n ? [[j, threshold]] : [];
    })
  );
}

/** a + ratio (b − a); only what is above zero stays, unless one of both is returned as it is. */
export function interpolate(a: Matrix, b: Matrix, ratio: Fixed, one: Fixed): Matrix {
  if (ratio === 0n) return a;
  if (ratio === one) return b;
  return a.map((row, i) =>
    joinRows(row, b[i], (x, y) => add(x, multiply(ratio, subtract(y, x)))).filter(([, value]) => value > 0n)
  );
}

/** Columns ascending; a cell that one of the rows lacks is zero there, and one given twice is taken as its last. */
export function joinRows(a: Row, b: Row, combine: (a: Fixed, b: Fixed, column: number) => Fixed): Row {
  const [first, second] = [new Map(a), new Map(b)];
  const columns = [...new Set([...first.keys(), ...second.keys()])].sort((x, y) => x - y);
  return columns.map((j): Cell => [j, combine(first.get(j) ?? 0n, second.get(j) ?? 0n, j)]);
}
