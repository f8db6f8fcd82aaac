/**
 * Who reduces what. The tensor is cut into one span per member, aligned to 1024 elements, and each span into chunks.
 *
 * A reducer with share w of the tensor and bandwidth b moves 1 + (n−2)·w tensors each way (its own parts out, w from the
 * n−1 others in, and the results back), so the round takes ξ = max (1 + (n−2)·wᵢ)/bᵢ. hivemind minimises ξ as a linear
 * program; its closed form is wᵢ = max(0, (ξ·bᵢ − 1)/(n−2)) with ξ such that Σw = 1. Solved exactly here: with the k
 * fastest active, ξ = (n − 2 + k)/Σb, and k is the largest for which the slowest active share is not negative.
 *
 * A member too slow for a span may be too slow to send its whole tensor in the others' time, which is ξ, or two tensors at the
 * median bandwidth if that is longer. It contributes as many chunks of each span as it can send in `QUOTA_SHARE` of it,
 * other ones each step, and the others do not wait for the rest.
 *
 * The plan is a pure function of the proposal, so it never travels: nobody can propose a plan that does not tile.
 */
import { assert } from "../base/assert.ts";
import type { Grid } from "./grid_plan.ts";

export const SPAN_ALIGNMENT_ELEMENTS = 1024;
/** Contributions go first, results after them: what a slow member sends must be there in the first half, with its latency. */
const QUOTA_SHARE = 0.2;

/**
 * Shares that sum to 1. Zero bandwidth (client mode) reduces nothing; all zero means equal shares. For two members
 * every split costs the same, so those with bandwidth share equally.
 * @param fanOut what a share costs besides the tensor itself: n − 2 in a mesh, another number in a grid
 */
export function bandwidthShares(bandwidths: readonly number[], fanOut = bandwidths.length - 2): number[] {
  const n = bandwidths.length;
  assert(
    n > 0 && bandwidths.every((b) => Number.isFinite(b) && b >= 0),
    "bandwidths are finite and not negative",
  );
  const activeCount = bandwidths.filter((b) => b > 0).length;
  if (activeCount === 0) return bandwidths.map(() => 1 / n);
  if (fanOut <= 0) return bandwidths.map((b) => b > 0 ? 1 / activeCount : 0);
  const fastestFirst = bandwidths.filter((b) => b > 0).sort((a, b) => b - a);
  let sum = 0;
  let xi = 0;
  for (let k = 1; k <= fastestFirst.length; k++) {
    const nextXi = (fanOut + k) / (sum + fastestFirst[k - 1]);
    if (k > 1 && nextXi * fastestFirst[k - 1] < 1) break;
    sum += fastestFirst[k - 1];
    xi = nextXi;
  }
  return bandwidths.map((b) => b > 0 ? Math.max(0, (xi * b - 1) / fanOut) : 0);
}

/** Whole units by largest remainder, ties to the earlier. The result sums to `units` exactly. */
export function apportion(units: number, shares: readonly number[]): number[] {
  const total = shares.reduce((a, b) => a + b, 0);
  const exact = shares.map((share) => (units * share) / total);
  const out = exact.map(Math.floor);
  let left = units - out.reduce((a, b) => a + b, 0);
  const byRemainder = exact
    .map((x, i) => ({ i, remainder: x - Math.floor(x) }))
    .filter(({ i }) => shares[i] > 0)
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (let k = 0; left > 0; k = (k + 1) % byRemainder.length, left--) out[byRemainder[k].i]++;
  for (let k = 0; left < 0; k = (k + 1) % out.length) {
    if (out[k] > 0) {
      out[k]--;
      left++;
    }
  }
  return out;
}

export interface Chunk {
  readonly index: number;
  /** Index of the reducing member in the group. */
  readonly reducer: number;
  readonly startElement: number;
  readonly elements: number;
}

/** Elements [startElement, startElement + elements), chunks [firstChunk, firstChunk + chunkCount). */
export interface Span {
  readonly startElement: number;
  readonly elements: number;
  readonly firstChunk: number;
  readonly chunkCount: number;
}

export interface SpanPlan {
  readonly elementCount: number;
  /** One per member, in group order; possibly empty. In a mesh they lie in that order too. */
  readonly spans: readonly Span[];
  /** In element order: chunk k+1 starts where chunk k ends. */
  readonly chunks: readonly Chunk[];
  /** How members are arranged when they are too many for a mesh. */
  readonly grid?: Grid;
  /** Has this member, by its index, a part in this chunk? */
  contributes(member: number, chunk: number): boolean;
}

/**
 * Share of each span that a member contributes: all of it, unless it reduces nothing and would hold the others up. Without
 * a bandwidth (0) nothing is known: deadlines decide.
 */
export function contributionShares(
  bandwidths: readonly number[],
  spanShares: readonly number[],
  fanOut = bandwidths.length - 2,
): number[] {
  const positive = bandwidths.filter((b) => b > 0).sort((a, b) => a - b);
  const xi = bandwidths.map((b, i) => spanShares[i] > 0 && b > 0 ? (1 + fanOut * spanShares[i]) / b : 0);
  const time = Math.max(...xi, 2 / (positive[positive.length >> 1] ?? Infinity));
  return bandwidths.map((b, i) => spanShares[i] > 0 || b === 0 || time * b >= 1 ? 1 : QUOTA_SHARE * time * b);
}

/**
 * @param chunkElements a positive multiple of 1024
 * @param turn moves what slow members contribute: the outer step
 */
export function planSpans(
  elementCount: number,
  chunkElements: number,
  bandwidths: readonly number[],
  turn = 0,
): SpanPlan {
  const spanShares = bandwidthShares(bandwidths);
  const units = apportion(unitsOf(elementCount), spanShares);
  const plan = tileSpans(elementCount, chunkElements, units, bandwidths.map((_, member) => member));
  const parts = contributionShares(bandwidths, spanShares);
  const contributes = (member: number, chunk: number): boolean => {
    if (parts[member] >= 1) return true;
    const { firstChunk, chunkCount } = plan.spans[plan.chunks[chunk].reducer];
    return isInQuota(parts[member], chunk - firstChunk, chunkCount, turn);
  };
  return { ...plan, contributes };
}

/** Is this one of the `count` chunks of which a member contributes a part? A run of them, another one each turn. */
export function isInQuota(part: number, at: number, count: number, turn: number): boolean {
  const quota = Math.max(1, Math.floor(part * count));
  return part >= 1 || (at + turn * quota) % count < quota;
}

export const unitsOf = (elementCount: number): number => Math.ceil(elementCount / SPAN_ALIGNMENT_ELEMENTS);

/**
 * @param units of 1024 elements, by member
 * @param order every member once: whose span comes first in the tensor
 */
export function tileSpans(
  elementCount: number,
  chunkElements: number,
  units: readonly number[],
  order: readonly number[],
): SpanPlan {
  assert(Number.isInteger(elementCount) && elementCount > 0, "elementCount is a positive integer");
  assert(
    chunkElements > 0 && chunkElements % SPAN_ALIGNMENT_ELEMENTS === 0,
    `chunkElements is a positive multiple of ${SPAN_ALIGNMENT_ELEMENTS}`,
  );
  const spans: Span[] = new Array(units.length);
  const chunks: Chunk[] = [];
  let start = 0;
  for (const reducer of order) {
    const end = Math.min(elementCount, start + units[reducer] * SPAN_ALIGNMENT_ELEMENTS);
    const firstChunk = chunks.length;
    for (let at = start; at < end; at += chunkElements) {
      const elements = Math.min(chunkElements, end - at);
      chunks.push({ index: chunks.length, reducer, startElement: at, elements });
    }
    spans[reducer] = {
      startElement: start,
      elements: end - start,
      firstChunk,
      chunkCount: chunks.length - firstChunk,
    };
    start = end;
  }
  assert(start === elementCount, "spans tile the tensor");
  return { elementCount, spans, chunks, contributes: () => true };
}
