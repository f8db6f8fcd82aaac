/**
 * How the flat vector of a layout lies in device buffers. A segment is one buffer, no larger than what the adapter allocates
 * and binds; segments follow one another without a gap, so an offset in the layout is a segment and an offset in it. A
 * tensor lies in one segment, unless it is larger than any: then it is cut between rows into shards of about one size.
 * Parameters, gradients and moments share one partition, so flat kernels run segment by segment over all of them.
 */
import { type BufferLimits, gpuError } from "../gpu/mod.ts";
import type { ParameterEntry, ParameterLayout } from "./parameters.ts";

export interface Segment {
  /** First element in the flat vector. */
  readonly offset: number;
  readonly elementCount: number;
}

/** Rows of a matrix that lie in one segment; a tensor without rows is one row. */
export interface ShardPlace {
  readonly segmentIndex: number;
  /** First element in the segment. */
  readonly offset: number;
  readonly firstRow: number;
  readonly rowCount: number;
  /** Elements a row. */
  readonly rowElements: number;
}

export interface ParameterPartition {
  readonly segments: readonly Segment[];
  readonly shards: ReadonlyMap<string, readonly ShardPlace[]>;
}

/** Shards start where a binding may start in f32 and in f16: at multiples of 256 bytes. */
const ALIGNMENT_ELEMENTS = 128;
const BYTES_PER_ELEMENT = 4;

/** @throws `gpu/too-large` when one row is more than the adapter binds */
export function partitionParameters(layout: ParameterLayout, limits: BufferLimits): ParameterPartition {
  const limitBytes = Math.min(limits.maxBufferBytes, limits.maxBindingBytes);
  const limitElements = Math.floor(limitBytes / BYTES_PER_ELEMENT);
  const pieces = layout.entries.flatMap((entry) => piecesOf(entry, limitElements));
  const segments: { offset: number; elementCount: number }[] = [];
  const shards = new Map<string, ShardPlace[]>();
  pieces.forEach(({ entry, offset, firstRow, rowCount, rowElements }, index) => {
    const end = index + 1 < pieces.length ? pieces[index + 1].offset : layout.elementCount;
    let segment = segments.at(-1);
    if (segment === undefined || end - segment.offset > limitElements) {
      segment = { offset, elementCount: 0 };
      segments.push(segment);
    }
    segment.elementCount = end - segment.offset;
    const places = shards.get(entry.name) ?? [];
    places.push({
      segmentIndex: segments.length - 1,
      offset: offset - segment.offset,
      firstRow,
      rowCount,
      rowElements,
    });
    shards.set(entry.name, places);
  });
  return { segments, shards };
}

/** Rows from one multiple of this to the next start at an aligned element. */
export function alignmentRows(rowElements: number): number {
  let rows = ALIGNMENT_ELEMENTS;
  while (rows > 1 && (rows / 2 * rowElements) % ALIGNMENT_ELEMENTS === 0) rows /= 2;
  return rows;
}

function piecesOf(entry: ParameterEntry, limitElements: number) {
  const rowElements = entry.shape.length < 2 ? entry.elementCount : entry.elementCount / entry.shape[0];
  const totalRows = entry.elementCount / rowElements;
  if (entry.elementCount <= limitElements) {
    return [{ entry, offset: entry.offset, firstRow: 0, rowCount: totalRows, rowElements }];
  }
  const step = alignmentRows(rowElements);
  const most = Math.floor(limitElements / rowElements / step) * step;
  if (most === 0) {
    throw gpuError(
      "gpu/too-large",
      `cut ${entry.name} into shards: ${step * rowElements * BYTES_PER_ELEMENT} bytes for ${step} rows, ` +
        `the adapter binds ${limitElements * BYTES_PER_ELEMENT}, use a smaller preset or another GPU`,
      {
        label: entry.name,
        bytes: step * rowElements * BYTES_PER_ELEMENT,
        limitBytes: limitElements * BYTES_PER_ELEMENT,
      },
    );
  }
  const count = Math.ceil(totalRows / most);
  const rowsEach = Math.min(most, Math.ceil(totalRows / count / step) * step);
  const pieces = [];
  for (let firstRow = 0; firstRow < totalRows; firstRow += rowsEach) {
    const rowCount = Math.min(rowsEach, totalRows - firstRow);
    pieces.push({ entry, offset: entry.offset + firstRow * rowElements, firstRow, rowCount, rowElements });
  }
  return pieces;
}
