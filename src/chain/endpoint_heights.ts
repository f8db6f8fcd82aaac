/**
 * How high the chain is, by what its endpoints have told: the height that at least half of those heard of lately have reached, so
 * that one that tells too much makes none of three look behind. Of two the higher counts: a node that lags is commoner
 * than one that lies.
 */
import type { Endpoint } from "./endpoints.ts";

/** What was told longer ago says nothing of the height that is now. */
const RECENT_MS = 600_000;

export class EndpointHeights {
  readonly #told = new Map<number, { readonly height: number; readonly atMs: number }>();

  see({ rank }: Endpoint, height: number, nowMs: number): void {
    this.#told.set(rank, { height, atMs: nowMs });
  }

  /** @returns 0 when none was told lately */
  reference(nowMs: number): number {
    const heights = [...this.#told.values()].filter(({ atMs }) => nowMs - atMs <= RECENT_MS)
      .map(({ height }) => height).sort((a, b) => a - b);
    return heights[Math.floor(heights.length / 2)] ?? 0;
  }
}
