/**
 * How many connections a peer deserves. More are tried, several times as many each time, while each carries little; what a try
 * brings is measured, and the count that carried the most is kept: more that do not pay are given back, and the next try
 * comes after a pause that doubles too. On a link that is full connections only take from each other.
 *
 * Measured is what a connection carries while it has a frame to carry and others wait, times their number: how often there are
 * frames depends on others. A connection begins slowly, new or after a rest, and its socket takes the first bytes faster
 * than the path does, so a quarter of a megabyte a connection is left out when a burst begins or the connections change.
 *
 * The count is remembered longer than connections are kept: a path that needed many needs them again.
 */
export const MAX_STRIPES = 24;
/** The least time that connections are measured for, on average. */
const MEASURED_MS = 300;
const WARM_UP_BYTES = 250_000;
/** Of one that is alone: CUBIC begins slowest on the best of paths, where more connections do most harm. */
const ALONE_WARM_UP_BYTES = 640_000;
/** Nothing was sent for so long: another burst begins. */
const QUIET_MS = 300;
/** And frames, of each. */
const MEASURED_FRAMES = 1;
/** So many are tried for each one there is. */
const FACTOR = 6;
/** A connection that carries this is not what limits us. */
const ENOUGH_BYTES_PER_SEC = 600_000;
/** A try that brings less is given back. */
const WORTHWHILE_GAIN = 1.2;
/** It is judged unworthy only after so many times the frames that a rate takes: loss makes rates uneven. */
const PATIENCE = 3;
/** Short, because the first verdict may be wrong: a path that has just begun is faster for a moment than it stays. */
const FIRST_PAUSE_MS = 5000;
/** Links change within hours, not minutes. */
const MAX_PAUSE_MS = 3_600_000;

/** More than what the last try added are never given back. */
export type GrowthAdvice = { readonly add: number } | "give back";

interface Carried {
  bytes: number;
  /** Of all connections together. */
  busyMs: number;
  frames: number;
}

export class StripeGrowth {
  #carried: Carried = { bytes: 0, busyMs: 0, frames: 0 };
  /** That are still to be left out. */
  #warmUpBytes = 0;
  /** What was carried before the try that is being made. */
  #bytesPerSecBefore: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #nextTryMs = -Infinity;
  /** That proved worth having. */
  #kept = 1;

  #movedMs = -Infinity;

  /** So many connections proved worth having. */
  get worthwhileCount(): number {
    return this.#kept;
  }

  /** The connections changed: what was measured before says nothing. */
  restart(count: number): void {
    this.#carried = { bytes: 0, busyMs: 0, frames: 0 };
    this.#warmUpBytes = count === 1 ? ALONE_WARM_UP_BYTES : WARM_UP_BYTES * count;
  }

  /** Frames wait for `count` connections. @returns how many are missing of those that were worth having before */
  missing(count: number, nowMs: number): number {
    return count === 0 || nowMs < this.#nextTryMs ? 0 : Math.max(0, this.#kept - count);
  }

  /**
   * A frame of `bytes` went out on one of `count` connections, which took `busyMs`.
   * @param isBacklog whether others wait
   * @returns what to do now
   */
  sent(
    { bytes, busyMs, isBacklog }: { bytes: number; busyMs: number; isBacklog: boolean },
    count: number,
    nowMs: number,
  ): GrowthAdvice | undefined {
    if (nowMs - busyMs - this.#movedMs >= QUIET_MS) this.restart(count);
    this.#movedMs = nowMs;
    if (!isBacklog) return undefined;
    if (this.#warmUpBytes > 0) {
      this.#warmUpBytes -= bytes;
      return undefined;
    }
    const carried = this.#carried;
    carried.bytes += bytes;
    carried.busyMs += busyMs;
    carried.frames++;
    if (carried.busyMs < MEASURED_MS * count || carried.frames < MEASURED_FRAMES * count) return undefined;
    const bytesPerSec = count * carried.bytes / carried.busyMs * 1000;
    const isPatient = carried.frames < PATIENCE * MEASURED_FRAMES * count;
    if (bytesPerSec < this.#worthwhile && isPatient) return undefined;
    this.#carried = { bytes: 0, busyMs: 0, frames: 0 };
    return this.#judge(bytesPerSec, count, nowMs);
  }

  /** What the try that is being made must carry. */
  get #worthwhile(): number {
    return WORTHWHILE_GAIN * (this.#bytesPerSecBefore ?? 0);
  }

  #judge(bytesPerSec: number, count: number, nowMs: number): GrowthAdvice | undefined {
    if (bytesPerSec < this.#worthwhile) {
      this.failed(nowMs);
      return "give back";
    }
    if (this.#bytesPerSecBefore !== undefined) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#kept = count;
    }
    this.#bytesPerSecBefore = undefined;
    const isEnough = bytesPerSec / count >= ENOUGH_BYTES_PER_SEC;
    // Half of them would have done.
    if (isEnough) this.#kept = Math.min(this.#kept, Math.ceil(count / 2));
    if (isEnough || count >= MAX_STRIPES || nowMs < this.#nextTryMs) return undefined;
    this.#bytesPerSecBefore = bytesPerSec;
    return { add: Math.min((FACTOR - 1) * count, MAX_STRIPES - count) };
  }

  /** The try is not worth it, or brought no connection: the next comes after a pause. */
  failed(nowMs: number): void {
    this.#bytesPerSecBefore = undefined;
    this.#nextTryMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
  }
}
