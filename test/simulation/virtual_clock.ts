/**
 * Virtual time. `advance` jumps to the next moment that has timers, runs them, and lets every promise that they woke settle
 * before the next, so the run of a seed is the same each time. Timers wait in a heap, by time and then by age.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly age: number;
  callback: (() => void) | undefined;
}

const isBefore = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.age < b.age);

export class VirtualClock implements Clock {
  #nowMs = 0;
  #age = 0;
  #heap: Timer[] = [];

  nowMs = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => sleepOn(this, ms, signal);

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), age: this.#age++, callback };
    this.#push(timer);
    return () => timer.callback = undefined;
  }

  /** Runs timers until `isDone`, or until virtual time would pass `untilMs`. @returns whether it is done */
  async advance(isDone: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isDone()) return true;
      while (this.#heap.length > 0 && !this.#heap[0].callback) this.#pop();
      if (this.#heap.length === 0 || this.#heap[0].atMs > untilMs) {
        if (Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      // All timers of one moment, then settle: their order is the order in which they were set.
      this.#nowMs = this.#heap[0].atMs;
      while (this.#heap.length > 0 && this.#heap[0].atMs <= this.#nowMs) this.#pop().callback?.();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

/** A node's own clock: it starts elsewhere and runs faster or slower than true time. */
export class SkewedClock implements Clock {
  #base: VirtualClock;
  #rate = 1;
  #baseMs = 0;
  #ownMs: number;

  constructor(base: VirtualClock, offsetMs = 0) {
    this.#base = base;
    this.#ownMs = offsetMs;
  }

  /** From now on; the own time goes on without a jump. */
  setRate(rate: number): void {
    this.#ownMs = this.monotonicMs();
    this.#baseMs = this.#base.monotonicMs();
    this.#rate = rate;
  }

  nowMs = () => this.monotonicMs();
  monotonicMs = () => this.#ownMs + (this.#base.monotonicMs() - this.#baseMs) * this.#rate;
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => sleepOn(this, ms, signal);
  // Whole milliseconds: fewer moments to settle.
  after = (ms: number, callback: () => void) => this.#base.after(Math.ceil(ms / this.#rate), callback);
}

function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal!.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
