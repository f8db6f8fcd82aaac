/**
 * Virtual time. `advance` jumps to the next timer, runs it, and lets every promise that it woke settle before the next, so
 * the run of a seed is the same each time.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  nowMs = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), callback };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].atMs > timer.atMs) at--;
    this.#timers.splice(at, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Runs timers until `isDone`, or until virtual time would pass `untilMs`. @returns whether it is done */
  async advance(isDone: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isDone()) return true;
      if (this.#timers.length === 0 || this.#timers[0].atMs > untilMs) return false;
      // All timers of one moment, then settle: their order is the order in which they were set.
      this.#nowMs = this.#timers[0].atMs;
      while (this.#timers.length > 0 && this.#timers[0].atMs <= this.#nowMs) this.#timers.shift()!.callback();
    }
  }
}
