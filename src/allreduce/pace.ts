/**
 * How long to wait, from how long it took: for each phase of a round (in a grid, of the ballot alone) the deadline is the
 * median of what was measured plus k times the median absolute deviation, within a floor and a ceiling. Operators guess
 * nothing; the ceiling is what holds until there are enough measurements, and a swarm on a slow link is given the time it needs.
 *
 * Whatever never came is no measurement, so a deadline that was too tight would stay so: each expiry doubles the phase's
 * deadline, and each round that commits takes a doubling back.
 */
import type { RoundTimeouts } from "./round_types.ts";

/** What is waited for: a leader, an accept, a begin, a contribution to the next chunk, a result, a vote. */
export type Phase = "lead" | "accept" | "begin" | "sender" | "reducer" | "vote";

const KEPT_SAMPLES = 64;
/** Fewer measurements say nothing. */
const ENOUGH_SAMPLES = 8;
const DEVIATIONS = 8;
/** Below these a busy machine's hiccups would count as failures. */
const FLOORS_MS: Readonly<Record<Phase, number>> = {
  lead: 1000,
  accept: 2000,
  begin: 3000,
  sender: 3000,
  reducer: 8000,
  vote: 3000,
};

export class Pace {
  readonly #ceilings: RoundTimeouts;
  readonly #samples = new Map<Phase, number[]>();
  readonly #deadlines = new Map<Phase, number>();
  readonly #doublings = new Map<Phase, number>();
  /** The deadlines of this moment: reading a field of it gives the present value. */
  readonly timeouts: RoundTimeouts;

  /** @param ceilings in force until there are measurements, and never exceeded */
  constructor(ceilings: RoundTimeouts) {
    this.#ceilings = ceilings;
    const of = (phase: Phase) => this.#deadline(phase);
    this.timeouts = {
      windowChunks: ceilings.windowChunks,
      longestWaitMs: ceilings.reducerTimeoutMs,
      suspectMs: ceilings.suspectMs,
      get leaderTimeoutMs() {
        return of("lead");
      },
      get acceptTimeoutMs() {
        return of("accept");
      },
      get beginTimeoutMs() {
        return of("begin");
      },
      get senderTimeoutMs() {
        return of("sender");
      },
      get reducerTimeoutMs() {
        return Math.max(of("reducer"), Math.min(2 * of("sender"), ceilings.reducerTimeoutMs));
      },
      get voteTimeoutMs() {
        return of("vote");
      },
    };
  }

  /** It came after `ms`. */
  observe(phase: Phase, ms: number): void {
    const samples = this.#samples.get(phase) ?? [];
    this.#samples.set(phase, samples);
    samples.push(Math.max(0, ms));
    if (samples.length > KEPT_SAMPLES) samples.shift();
    this.#deadlines.delete(phase);
  }

  /** It did not come in time. */
  expired(phase: Phase): void {
    this.#doublings.set(phase, Math.min(8, (this.#doublings.get(phase) ?? 0) + 1));
    this.#deadlines.delete(phase);
  }

  /** A round was committed with these deadlines. */
  settled(): void {
    for (const [phase, count] of this.#doublings) {
      if (count > 0) this.#doublings.set(phase, count - 1);
      this.#deadlines.delete(phase);
    }
  }

  #deadline(phase: Phase): number {
    const known = this.#deadlines.get(phase);
    if (known !== undefined) return known;
    const ceiling = ceilingOf(phase, this.#ceilings);
    const samples = this.#samples.get(phase) ?? [];
    let deadline = ceiling;
    if (samples.length >= ENOUGH_SAMPLES) {
      const typical = median(samples);
      const deviation = median(samples.map((ms) => Math.abs(ms - typical)));
      const wish = Math.max(FLOORS_MS[phase], typical + DEVIATIONS * deviation);
      deadline = Math.min(ceiling, wish * 2 ** (this.#doublings.get(phase) ?? 0));
    }
    this.#deadlines.set(phase, deadline);
    return deadline;
  }
}

function ceilingOf(phase: Phase, ceilings: RoundTimeouts): number {
  switch (phase) {
    case "lead":
      return ceilings.leaderTimeoutMs;
    case "accept":
      return ceilings.acceptTimeoutMs;
    case "begin":
      return ceilings.beginTimeoutMs;
    case "sender":
      return ceilings.senderTimeoutMs;
    case "reducer":
      return ceilings.reducerTimeoutMs;
    case "vote":
      return ceilings.voteTimeoutMs;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
