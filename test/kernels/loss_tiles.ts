/** A vocabulary in tiles, one kernel run a tile, as the head runs them. */
import type { Gpu, KernelName, Precision } from "../../src/gpu/mod.ts";
import { crossEntropyForward, NOT_COUNTED } from "../../src/reference/cross_entropy_forward.ts";
import type { Random } from "../../src/base/random.ts";
import { assertClose, below, normal, ODD_SIZES, runKernel, toHalves } from "./kernel_harness.ts";

/** Columns of logits [rows, vocabulary] as a matrix of their own. */
export function columnsOf(
  logits: Float32Array,
  vocabulary: number,
  firstToken: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const rows = logits.length / vocabulary;
  const tile = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = row * vocabulary + firstToken;
    tile.set(logits.subarray(from, from + columns), row * columns);
  }
  return tile;
}

/** Elements from one padded row to the next: as many more as would show in a sum. */
export const strideOf = (columns: number) => columns + 3;

/** Rows of `columns` with NaN behind each, as far as `strideOf`. */
export function padded(tile: Float32Array, columns: number): Float32Array<ArrayBuffer> {
  const [rows, stride] = [tile.length / columns, strideOf(columns)];
  const wide = new Float32Array(rows * stride).fill(NaN);
  for (let row = 0; row < rows; row++) {
    wide.set(tile.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return wide;
}

/** Runs a forward kernel tile by tile over odd shapes and compares with the twin after each tile. */
export async function checkForwardTiles(
  gpu: Gpu,
  random: Random,
  kernel: KernelName & `cross_entropy_forward${string}`,
  precision: Precision,
): Promise<void> {
  for (const rows of ODD_SIZES) {
    for (const cuts of [[1], [29], [13, 1, 70], [64, 65]]) {
      const vocabulary = cuts.reduce((sum, columns) => sum + columns, 0);
      let logits = normal(random, rows * vocabulary, rows === 17 ? 40 : 2);
      if (precision === "f16") logits = toHalves(logits);
      const targets = below(random, rows, vocabulary);
      if (rows > 1) targets[rows - 1] = NOT_COUNTED;
      const expected = { logSumExp: new Float64Array(rows), losses: new Float64Array(rows) };
      let [logSumExp, losses] = [new Float32Array(rows).fill(NaN), new Float32Array(rows).fill(NaN)];
      let firstToken = 0;
      for (const [index, columns] of cuts.entries()) {
        const tile = columnsOf(logits, vocabulary, firstToken, columns);
        const [isFirst, isLast] = [index === 0, index === cuts.length - 1];
        [, , logSumExp, losses] = await runKernel(gpu, {
          kernel,
          precision,
          constants: {
            ROWS: rows,
            COLUMNS: columns,
            STRIDE: strideOf(columns),
            FIRST_TOKEN: firstToken,
            IS_FIRST: isFirst ? 1 : 0,
            IS_LAST: isLast ? 1 : 0,
          },
          tensors: [padded(tile, columns), targets, logSumExp, losses],
          extent: kernel === "cross_entropy_forward" ? rows : [rows, 1],
        }) as Float32Array<ArrayBuffer>[];
        crossEntropyForward(tile, targets, { columns, firstToken, isFirst, isLast }, expected);
        firstToken += columns;
        // WGSL's exp is good to 3 + 2|x| ulp: relative to their sum that is about 1e-5; losses reach 200 at deviation 40.
        const tolerance = { absolute: 2e-5, relative: 1e-6 };
        assertClose(logSumExp, expected.logSumExp, tolerance, `logSumExp, ${rows} rows, tile ${index}`);
        assertClose(losses, expected.losses, tolerance, `losses, ${rows} rows, tile ${index} of ${cuts}`);
      }
    }
  }
}
