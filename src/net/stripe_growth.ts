/**
 * How many connections a backlog deserves. More are tried, twice as many each time, while each carries little; what a try
 * brings is measured, and the count that carried the most is kept: a doubling that does not pay is given back, and the
 * next is tried after a pause that doubles too. On a link that is full connections only take from each other.
 *
 * Measured are frames that went out while others waited. Sockets take their first frames faster than the path does, so
 * after each change one frame a connection is left out; and as frames are counted whole, several a connection are
 * needed before the rate means anything.
 */
export const MAX_STRIPES = 12;
/** The least time that a rate is measured over. */
const MEASURED_MS = 400;
const MEASURED_FRAMES_PER_CONNECTION = 2;
/** A connection that carries this is not what limits us. */
const ENOUGH_BYTES_PER_SEC = 750_000;
/** A doubling that brings less is given back. */
const WORTHWHILE_GAIN = 1.2;
/** It is judged unworthy only after so many times the frames that a rate takes: loss makes rates uneven. */
const PATIENCE = 3;
/** Short, because the first verdict may be wrong: a path that has just begun is faster for a moment than it stays. */
const FIRST_PAUSE_MS = 5000;
/** Links change within hours, not minutes. */
const MAX_PAUSE_MS = 3_600_000;

export class StripeGrowth {
  /** Since when, and what since then; undefined while nothing is measured. */
  #measured: { sinceMs: number; bytes: number; frames: number } | undefined;
  /** Frames that are still to be left out. */
  #warmUpFrames = 0;
  /** What was carried before the doubling that is being tried. */
  #bytesPerSecBefore: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #nextTryMs = -Infinity;

  /** The backlog began, or the connections changed: what was measured before says nothing. */
  restart(count: number): void {
    this.#measured = undefined;
    this.#warmUpFrames = count;
  }

  /**
   * A frame of `bytes` went out on one of `count` connections while others waited.
   * @returns what to do now: add as many connections as there are, or close those that the last doubling added
   */
  sent(bytes: number, count: number, nowMs: number): "double" | "give back" | undefined {
    if (this.#warmUpFrames > 0 && --this.#warmUpFrames > 0) return undefined;
    this.#measured ??= { sinceMs: nowMs, bytes: -bytes, frames: -1 }; // this one ends the warm-up
    this.#measured.bytes += bytes;
    this.#measured.frames++;
    const elapsedMs = nowMs - this.#measured.sinceMs;
    if (elapsedMs < MEASURED_MS || this.#measured.frames < MEASURED_FRAMES_PER_CONNECTION * count) {
      return undefined;
    }
    const bytesPerSec = this.#measured.bytes / elapsedMs * 1000;
    const isPatient = this.#measured.frames < PATIENCE * MEASURED_FRAMES_PER_CONNECTION * count;
    if (bytesPerSec < this.#worthwhile && isPatient) return undefined;
    this.#measured = { sinceMs: nowMs, bytes: 0, frames: 0 };
    return this.#judge(bytesPerSec, count, nowMs);
  }

  /** What the doubling that is being tried must carry. */
  get #worthwhile(): number {
    return WORTHWHILE_GAIN * (this.#bytesPerSecBefore ?? 0);
  }

  #judge(bytesPerSec: number, count: number, nowMs: number): "double" | "give back" | undefined {
    if (bytesPerSec < this.#worthwhile) {
      this.failed(nowMs);
      return "give back";
    }
    if (this.#bytesPerSecBefore !== undefined) this.#pauseMs = FIRST_PAUSE_MS;
    this.#bytesPerSecBefore = undefined;
    const isEnough = count >= MAX_STRIPES || bytesPerSec / count >= ENOUGH_BYTES_PER_SEC;
    if (isEnough || nowMs < this.#nextTryMs) return undefined;
    this.#bytesPerSecBefore = bytesPerSec;
    return "double";
  }

  /** The doubling that was tried is not worth it, or brought no connection: the next comes after a pause. */
  failed(nowMs: number): void {
    this.#bytesPerSecBefore = undefined;
    this.#nextTryMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
  }
}
