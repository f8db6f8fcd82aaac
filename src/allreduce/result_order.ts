/**
 * Puts the results of each reducer in order, whichever connection was faster. What came early is only named here: its
 * bytes lie where all results do.
 */
import type { Header } from "./messages.ts";
import type { SpanPlan } from "./span_plan.ts";

export class ResultOrder {
  /** Per reducer: the chunk that is told next, and the headers of those that came before it. */
  readonly #next: number[];
  readonly #early: Map<number, Header<"result">>[];

  constructor({ spans }: SpanPlan) {
    this.#next = spans.map((span) => span.firstChunk);
    this.#early = spans.map(() => new Map());
  }

  /** @returns the results of this reducer that may be told now, in order */
  arrived(reducer: number, header: Header<"result">): Header<"result">[] {
    const early = this.#early[reducer].set(header.chunk, header);
    const told: Header<"result">[] = [];
    for (
      let next = early.get(this.#next[reducer]);
      next !== undefined;
      next = early.get(this.#next[reducer])
    ) {
      early.delete(this.#next[reducer]++);
      told.push(next);
    }
    return told;
  }
}
