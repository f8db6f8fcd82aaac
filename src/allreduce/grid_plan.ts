/**
 * The arrangement of a group that is too large for a mesh: R rows by C columns, a torus on which one all-reduce is two of
 * them, along rows and along columns. The ballot knows nothing of it.
 *
 *   1  a member sends each column's chunks to its own row's member of that column, which sums its row: a *partial*
 *   2  that one sends the partial to the chunk's owner in its column, which sums the column: the result
 *   3  the owner sends the result to its column, and everybody there to its row
 *
 * With column share w a member sends 1 − w, then w(1 − 1/R), then w(1 − 1/R) + w(C − 1 + e) for e extras in its row:
 * 1 + w(C − 2/R + e) tensors, and receives as much. For equal members that is 2(1 − 1/N), as little as in a mesh, over
 * R + C − 2 links instead of N − 1. So columns share the tensor by the closed form of span_plan.ts with C − 2/R + e for n − 2, at the
 * bandwidth of their slowest member, and members of like bandwidth form a column. Within a column all own alike.
 *
 * *Extras* are who is left over and who has no bandwidth: they contribute to a row and receive from it, and reduce nothing.
 * Who reduces nothing and is too slow to contribute in the others' time contributes a part, as in a mesh.
 */
import {
  apportion,
  bandwidthShares,
  contributionShares,
  isInQuota,
  type SpanPlan,
  tileSpans,
  unitsOf,
} from "./span_plan.ts";

export interface Grid {
  /** Member indices, [row][column]. */
  readonly rows: readonly (readonly number[])[];
  /** The same, [column][row]. */
  readonly columns: readonly (readonly number[])[];
  /** By row. */
  readonly extras: readonly (readonly number[])[];
  /** By member. */
  readonly rowOf: readonly number[];
  /** By member; −1 = an extra. */
  readonly columnOf: readonly number[];
  /** By column: its chunks in the order in which they travel, one of each owner in turn. */
  readonly streams: readonly (readonly number[])[];
}

/**
 * @param bandwidths by member
 * @param turn moves what slow members contribute: the outer step
 */
export function planGrid(
  elementCount: number,
  chunkElements: number,
  bandwidths: readonly number[],
  turn = 0,
): SpanPlan {
  const able = bandwidths.some((b) => b > 0) ? bandwidths : bandwidths.map(() => 1);
  const byBandwidth = able.map((_, member) => member).sort((a, b) => able[b] - able[a] || a - b);
  const active = byBandwidth.filter((member) => able[member] > 0);
  const { rowCount, columnCount } = gridShape(active.length, bandwidths.length);
  const columns = Array.from(
    { length: columnCount },
    (_, c) => rotate(active.slice(c * rowCount, (c + 1) * rowCount), c),
  );
  const rows = Array.from({ length: rowCount }, (_, r) => columns.map((column) => column[r]));
  const spare = byBandwidth.filter((member) =>
    able[member] === 0 || active.indexOf(member) >= rowCount * columnCount
  );
  const extras = rows.map((_, r) => spare.filter((_, i) => i % rowCount === r));

  const slowest = columns.map((column) => Math.min(...column.map((member) => able[member])));
  const fanOut = columnCount - 2 / rowCount + extras[0].length;
  const columnShares = bandwidthShares(slowest, fanOut);
  const columnUnits = apportion(unitsOf(elementCount), columnShares);
  const units: number[] = bandwidths.map(() => 0);
  columns.forEach((column, c) =>
    apportion(columnUnits[c], column.map(() => 1)).forEach((count, r) => units[column[r]] = count)
  );
  const plan = tileSpans(elementCount, chunkElements, units, [...columns.flat(), ...spare]);

  const rowOf: number[] = bandwidths.map(() => 0);
  const columnOf: number[] = bandwidths.map(() => -1);
  rows.forEach((row, r) => [...row, ...extras[r]].forEach((member) => rowOf[member] = r));
  columns.forEach((column, c) => column.forEach((member) => columnOf[member] = c));
  const streams = columns.map((column) => interleave(column.map((owner) => chunksOf(plan, owner))));
  const places = new Map(
    streams.flatMap((stream) => stream.map((chunk, at) => [chunk, { at, count: stream.length }])),
  );
  const shares = columnOf.map((column) => columnShares[column] ?? 0);
  const parts = contributionShares(bandwidths, shares, fanOut);
  const contributes = (member: number, chunk: number): boolean => {
    const place = places.get(chunk)!;
    return isInQuota(parts[member], place.at, place.count, turn);
  };
  return { ...plan, contributes, grid: { rows, columns, extras, rowOf, columnOf, streams } };
}

/** About square, never taller than wide, and of those with few extras a row the squarest. */
export function gridShape(
  activeCount: number,
  memberCount: number,
): { rowCount: number; columnCount: number } {
  let best = { rowCount: 1, columnCount: activeCount };
  let leastExtras = Infinity;
  const most = Math.max(1, Math.floor(Math.sqrt(activeCount)));
  for (let rowCount = most; rowCount >= Math.max(1, Math.ceil(Math.sqrt(activeCount / 2))); rowCount--) {
    const columnCount = Math.floor(activeCount / rowCount);
    const extras = Math.ceil((memberCount - rowCount * columnCount) / rowCount);
    if (extras >= leastExtras) continue;
    leastExtras = extras;
    best = { rowCount, columnCount };
  }
  return best;
}

/** So that no row gets the fastest of every column. */
function rotate(column: readonly number[], by: number): number[] {
  return column.map((_, r) => column[(r + by) % column.length]);
}

function chunksOf({ spans }: SpanPlan, member: number): number[] {
  const { firstChunk, chunkCount } = spans[member];
  return Array.from({ length: chunkCount }, (_, k) => firstChunk + k);
}

function interleave(lists: readonly (readonly number[])[]): number[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, k) => lists.flatMap((list) => k < list.length ? [list[k]] : []))
    .flat();
}

/** The others of a row or column from `self` on, around: not everybody begins with the same link. */
export function after(members: readonly number[], self: number): number[] {
  const at = members.indexOf(self);
  return [...members.slice(at + 1), ...members.slice(0, at)];
}
