/**
 * Whom to leave out of the next group, and for how long: a member that held up an attempt, twice as long each time, and
 * much longer one that was caught lying. Kept from round to round, or a silent member would cost every round a timeout.
 * Suspicion is an opinion, never a rule of safety: when the others alone may not go on, the least suspected come back in.
 */
import type { Hotkey } from "../base/transport.ts";

/** So many strikes a member can get for being slow; one more takes proof. Each doubles how long suspicion lasts. */
const MAX_DOUBLINGS = 6;

interface Suspicion {
  strikes: number;
  untilMs: number;
}

export class Suspicions {
  #of = new Map<Hotkey, Suspicion>();

  /** It held up an attempt. */
  suspect(hotkey: Hotkey, nowMs: number, suspectMs: number): void {
    this.#strike(
      hotkey,
      this.isConvicted(hotkey) ? MAX_DOUBLINGS + 1 : Math.min(MAX_DOUBLINGS, this.strikes(hotkey) + 1),
      nowMs,
      suspectMs,
    );
  }

  /** It is proven to have lied. */
  convict(hotkey: Hotkey, nowMs: number, suspectMs: number): void {
    this.#strike(hotkey, MAX_DOUBLINGS + 1, nowMs, suspectMs);
  }

  /** It took part in a round to the end. */
  forgive(hotkey: Hotkey): void {
    const suspicion = this.#of.get(hotkey);
    if (suspicion !== undefined && --suspicion.strikes <= 0) this.#of.delete(hotkey);
  }

  /** Proven, and no round taken part in since. */
  isConvicted(hotkey: Hotkey): boolean {
    return this.strikes(hotkey) > MAX_DOUBLINGS;
  }

  isSuspect(hotkey: Hotkey, nowMs: number): boolean {
    return (this.#of.get(hotkey)?.untilMs ?? -Infinity) > nowMs;
  }

  /** Higher is worse. */
  strikes(hotkey: Hotkey): number {
    return this.#of.get(hotkey)?.strikes ?? 0;
  }

  #strike(hotkey: Hotkey, strikes: number, nowMs: number, suspectMs: number): void {
    this.#of.set(hotkey, { strikes, untilMs: nowMs + suspectMs * 2 ** (strikes - 1) });
  }
}
