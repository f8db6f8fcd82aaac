/**
 * The k largest magnitudes of a block, without sorting it: a histogram of the leading 11 bits of the magnitudes says in
 * which bin the k-th lies, and only that bin is sorted. Of equal magnitudes the lower index wins, so the choice is the
 * same on every machine. What is zero or subnormal is never chosen.
 */
import { assert } from "../base/assert.ts";
import { INFINITY_BITS, MAGNITUDE_BITS } from "./float_bits.ts";

const BIN_SHIFT = 20;
const BINS = 1 << (31 - BIN_SHIFT);
const FIRST_INFINITE_BIN = INFINITY_BITS >>> BIN_SHIFT;
const SMALLEST_NORMAL_BITS = 0x00800000;

export class TopK {
  /** Indices within the block, ascending; valid up to the count that `select` returned, until the next call. */
  readonly indices: Uint16Array;
  readonly #histogram = new Uint16Array(BINS);
  readonly #candidates: Uint16Array;
  readonly #magnitudes: Int32Array;

  constructor(blockElements: number, largestK: number) {
    assert(blockElements < 1 << 16, "indices of a block fit 16 bits");
    this.indices = new Uint16Array(largestK);
    this.#candidates = new Uint16Array(blockElements);
    this.#magnitudes = new Int32Array(blockElements);
  }

  /**
   * @param bits of f32 values; the block is [start, end)
   * @returns how many were chosen, at most k; −1 when a value is not finite
   */
  select(bits: Int32Array, start: number, end: number, k: number): number {
    const histogram = this.#histogram.fill(0);
    for (let i = start; i < end; i++) histogram[(bits[i] & MAGNITUDE_BITS) >>> BIN_SHIFT]++;
    for (let bin = FIRST_INFINITE_BIN; bin < BINS; bin++) if (histogram[bin] > 0) return -1;
    let bin = FIRST_INFINITE_BIN;
    let above = 0;
    while (bin > 0 && above + histogram[bin] < k) above += histogram[bin--];
    const floor = bin << BIN_SHIFT;
    const ceiling = (bin + 1) << BIN_SHIFT;
    let candidateCount = 0;
    let inBin = 0;
    for (let i = start; i < end; i++) {
      const magnitude = bits[i] & MAGNITUDE_BITS;
      if (magnitude < floor) continue;
      this.#candidates[candidateCount++] = i - start;
      if (magnitude < ceiling) this.#magnitudes[inBin++] = magnitude;
    }
    const wanted = Math.min(k - above, inBin);
    const threshold = wanted > 0 ? this.#magnitudes.subarray(0, inBin).sort()[inBin - wanted] : ceiling;
    let ties = wanted;
    for (let at = inBin - 1; at >= 0 && this.#magnitudes[at] > threshold; at--) ties--;
    return this.#collect(bits, start, candidateCount, threshold, ties);
  }

  /** All above the threshold, and of those at it the first `ties`. */
  #collect(bits: Int32Array, start: number, count: number, threshold: number, ties: number): number {
    let chosen = 0;
    for (let at = 0; at < count; at++) {
      const index = this.#candidates[at];
      const magnitude = bits[start + index] & MAGNITUDE_BITS;
      if (magnitude < threshold || magnitude < SMALLEST_NORMAL_BITS) continue;
      if (magnitude === threshold && ties-- <= 0) continue;
      this.indices[chosen++] = index;
    }
    return chosen;
  }
}
