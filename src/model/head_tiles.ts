/**
 * How final projection and loss are cut so that the logits of a batch never exist together: rows by blocks, and within them
 * the vocabulary by tiles. The tiles of one block lie side by side in one buffer, [rows, columns] each, and are overwritten
 * by the next block's. Rows of a tile lie a multiple of 4 elements apart, because the fast matrix products read four at a time.
 *   N rows in all, V vocabulary, C width
 */
import { alignmentRows } from "./parameter_partition.ts";

export interface HeadShape {
  /** N */
  readonly rows: number;
  /** V */
  readonly vocabSize: number;
  /** C */
  readonly width: number;
}

/** What bounds the tiles, and who computes a row's loss in them. */
export interface HeadLimits {
  /** What the logits of one block may take, unless those of the smallest block take more. */
  readonly logitsBytes: number;
  readonly maxBindingBytes: number;
  /** A limit of its own where loops end somewhere. */
  readonly maxColumns: number;
  readonly bytesPerElement: number;
  /** Shards of the projection matrix; each may end in a tile of its own. */
  readonly shardCount: number;
  /** One invocation, for software adapters, or a workgroup. */
  readonly rowForm: "invocation" | "workgroup";
}

export interface HeadTiles {
  /** Rows of a block; the last may have fewer. */
  readonly blockRows: number;
  readonly blocks: readonly { readonly firstRow: number; readonly rowCount: number }[];
  /** Most columns of a tile, to be given to `ParameterStore.shards`. */
  readonly maxColumns: number;
}

/** Blocks and tiles start where a binding may start, in f32 and in f16. */
const ALIGNMENT_ELEMENTS = 128;
const ROW_ALIGNMENT_ELEMENTS = 4;
/** A grid has one group a row in its second dimension, which ends at 65,535. */
const MAX_BLOCK_ROWS = 511 * ALIGNMENT_ELEMENTS;

export function headTiles({ rows, vocabSize, width }: HeadShape, limits: HeadLimits): HeadTiles {
  const { bytesPerElement } = limits;
  const affordable = limits.logitsBytes / bytesPerElement / vocabSize;
  const aligned = Math.max(1, Math.floor(affordable / ALIGNMENT_ELEMENTS)) * ALIGNMENT_ELEMENTS;
  const blockRows = Math.min(rows, aligned, MAX_BLOCK_ROWS);
  const blocks = [];
  for (let firstRow = 0; firstRow < rows; firstRow += blockRows) {
    blocks.push({ firstRow, rowCount: Math.min(blockRows, rows - firstRow) });
  }
  const bindable = Math.min(limits.maxColumns, limits.maxBindingBytes / bytesPerElement / blockRows);
  const step = Math.max(alignmentRows(width), ROW_ALIGNMENT_ELEMENTS);
  return { blockRows, blocks, maxColumns: Math.max(1, Math.floor(bindable / step)) * step };
}

/** Elements from one row of a tile to the next. */
export function tileStride(columns: number): number {
  return Math.ceil(columns / ROW_ALIGNMENT_ELEMENTS) * ROW_ALIGNMENT_ELEMENTS;
}

/** Where the tile of the tokens from `firstToken`, the `index`th, starts in the buffer of logits. */
export function tileOffset({ blockRows }: HeadTiles, firstToken: number, index: number): number {
  const elements = blockRows * (firstToken + (ROW_ALIGNMENT_ELEMENTS - 1) * index);
  return (Math.floor(elements / ALIGNMENT_ELEMENTS) + index) * ALIGNMENT_ELEMENTS;
}

/** Elements that the logits of a block take at most. */
export function logitsElements(shape: HeadShape, limits: HeadLimits): number {
  const tiles = headTiles(shape, limits);
  const tileCount = Math.ceil(shape.vocabSize / tiles.maxColumns) + limits.shardCount;
  return tileOffset(tiles, shape.vocabSize, tileCount);
}
