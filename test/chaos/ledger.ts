/**
 * What the members of a swarm have said, and what may never be said: two roots after one step, a round given up from
 * another anchor than the step before it left, a result that is no mean, the end of a process that nobody killed.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { LogEvent } from "../../src/base/log.ts";

export interface Told {
  readonly member: number;
  readonly ms: number;
  readonly event: LogEvent;
}

export class Ledger {
  readonly violations: string[] = [];
  /** Of each member the step that it holds; −1 while it is down or has not said. */
  readonly steps: number[];
  readonly #clock: Clock;
  readonly #record: (told: Told) => void;
  readonly #roots = new Map<number, { root: string; member: number }>();
  readonly #listeners = new Set<(told: Told) => void>();
  #roundSeconds: number[] = [];

  /** @param record keeps everything that was told */
  constructor(memberCount: number, clock: Clock, record: (told: Told) => void) {
    this.steps = new Array(memberCount).fill(-1);
    this.#clock = clock;
    this.#record = record;
  }

  get highest(): number {
    return Math.max(...this.steps);
  }

  /** Median of the last rounds that went through at the first attempt. */
  get typicalRoundMs(): number {
    const sorted = [...this.#roundSeconds].sort((a, b) => a - b);
    return 1000 * (sorted[sorted.length >> 1] ?? 1);
  }

  note(member: number, event: LogEvent): void {
    const told = { member, ms: this.#clock.monotonicMs(), event };
    this.#record(told);
    const { outerStep, root } = event as unknown as { outerStep: number; root: string };
    if (event.event === "started" || event.event === "committed" || event.event === "fetched") {
      this.#hold(member, outerStep, root);
    } else if (event.event === "aborted") {
      this.#compare(member, outerStep - 1, root);
    } else if (event.event === "violation") this.#violate(`member ${member}: ${event.what}`);
    else if (event.event === "ended") this.#violate(`member ${member} ended by itself, code ${event.code}`);
    if (event.event === "committed" && event.attempts === 1) {
      this.#roundSeconds = [...this.#roundSeconds.slice(-19), Number(event.seconds)];
    }
    for (const listener of [...this.#listeners]) listener(told);
  }

  down(member: number): void {
    this.steps[member] = -1;
  }

  /** @returns unsubscribe */
  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first that `isWanted` says yes to, from now on; undefined, and a violation, when none comes in time. */
  async next(what: string, timeoutMs: number, isWanted: (told: Told) => boolean): Promise<Told | undefined> {
    const waiting = new AbortController();
    let stop = () => {};
    const found = new Promise<Told>((resolve) => {
      stop = this.listen((told) => isWanted(told) && resolve(told));
    });
    const late = this.#clock.sleep(timeoutMs, waiting.signal).then(() => undefined, () => undefined);
    try {
      const told = await Promise.race([found, late]);
      if (told === undefined) {
        this.#violate(
          `waited ${timeoutMs / 1000} s in vain until ${what}; steps are ${this.steps.join(", ")}`,
        );
      }
      return told;
    } finally {
      stop();
      waiting.abort();
    }
  }

  /** Like `next`, for what may be so already. @returns whether it came to be */
  async until(what: string, timeoutMs: number, isSo: () => boolean): Promise<boolean> {
    return isSo() || await this.next(what, timeoutMs, isSo) !== undefined;
  }

  #hold(member: number, outerStep: number, root: string): void {
    if (outerStep < this.steps[member]) this.#violate(`member ${member} went back to step ${outerStep}`);
    this.steps[member] = outerStep;
    this.#compare(member, outerStep, root);
  }

  #compare(member: number, outerStep: number, root: string): void {
    const known = this.#roots.get(outerStep);
    if (known === undefined) this.#roots.set(outerStep, { root, member });
    else if (known.root !== root) {
      this.#violate(
        `two roots after step ${outerStep}: ${known.root.slice(0, 12)} of member ${known.member}, ` +
          `${root.slice(0, 12)} of member ${member}`,
      );
    }
  }

  #violate(what: string): void {
    this.violations.push(what);
  }
}
