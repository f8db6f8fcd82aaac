/**
 * What members put into a round, such that the result tells who was in it. Member i contributes 7^i, times a factor that
 * depends on the block of 1024 elements. A mean of distinct members is a mean of distinct powers of seven: a member
 * counted twice, or a chunk in another's place, gives a number that is none.
 */
const BLOCK_ELEMENTS = 1024;
const BASE = 7;
/** Encoding with a scale a block, f32 shares and sums round; means of different subsets are 1e-4 apart. */
const TOLERANCE = 2e-5;

const factor = (block: number): number => 1 + block % 5;

/** [elementCount] of member `index`. */
export function contributionOf(index: number, elementCount: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount);
  for (let start = 0; start < elementCount; start += BLOCK_ELEMENTS) {
    values.fill(BASE ** index * factor(start / BLOCK_ELEMENTS), start, start + BLOCK_ELEMENTS);
  }
  return values;
}

/** @returns the first block that is no mean of distinct members, or undefined */
export function findWrongBlock(values: Float32Array, memberCount: number): string | undefined {
  const means: number[] = [];
  for (let subset = 1; subset < 2 ** memberCount; subset++) {
    const chosen = Array.from({ length: memberCount }, (_, i) => i).filter((i) => subset & (1 << i));
    means.push(chosen.reduce((sum, i) => sum + BASE ** i, 0) / chosen.length);
  }
  const isMean = (value: number) => means.some((mean) => Math.abs(value - mean) <= TOLERANCE * mean);
  for (let block = 0; block * BLOCK_ELEMENTS < values.length; block++) {
    const elements = values.subarray(block * BLOCK_ELEMENTS, (block + 1) * BLOCK_ELEMENTS);
    const [first] = elements;
    if (!isMean(first / factor(block))) return `block ${block} holds ${first}`;
    if (elements.some((value) => value !== first)) return `block ${block} holds different values`;
  }
  return undefined;
}
