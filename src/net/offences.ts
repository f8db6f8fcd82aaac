/**
 * Counts what peers did wrong and says who is cut off. An offender is named by its hotkey once it has one, by its peer
 * id before. Totals are kept for reports; what counts towards the limit starts anew when a cut-off has passed.
 */
import type { Clock } from "../base/clock.ts";

/** Counted and refused, but never cut off for: a fresh neuron or a neighbour of another run may be welcome soon. */
const BENIGN = new Set(["net/other-run", "net/unregistered-hotkey", "net/other-version"]);
const MAX_OFFENDERS = 4096;
const MAX_CODES = 64;

export class Offences {
  readonly #options: { limit: number; cutOffMs: number };
  readonly #clock: Clock;
  readonly #totals = new Map<string, Map<string, number>>();
  readonly #recent = new Map<string, number>();
  readonly #cutOffUntilMs = new Map<string, number>();

  constructor(options: { limit: number; cutOffMs: number }, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @returns true when this offence cuts the offender off */
  count(offender: string, code: string): boolean {
    const codes = this.#totals.get(offender) ?? new Map<string, number>();
    if (codes.has(code) || codes.size < MAX_CODES) codes.set(code, (codes.get(code) ?? 0) + 1);
    this.#totals.set(offender, codes);
    forgetOldest(this.#totals);
    if (BENIGN.has(code)) return false;
    const recent = (this.#recent.get(offender) ?? 0) + 1;
    this.#recent.set(offender, recent);
    forgetOldest(this.#recent);
    if (recent < this.#options.limit) return false;
    this.#recent.delete(offender);
    this.#cutOffUntilMs.set(offender, this.#clock.nowMs() + this.#options.cutOffMs);
    forgetOldest(this.#cutOffUntilMs);
    return true;
  }

  /** Cuts off one name together with another: the peer ids of a hotkey. */
  cutOff(offender: string): void {
    this.#cutOffUntilMs.set(offender, this.#clock.nowMs() + this.#options.cutOffMs);
    forgetOldest(this.#cutOffUntilMs);
  }

  isCutOff(offender: string): boolean {
    const untilMs = this.#cutOffUntilMs.get(offender);
    if (untilMs === undefined) return false;
    if (untilMs > this.#clock.nowMs()) return true;
    this.#cutOffUntilMs.delete(offender);
    return false;
  }

  all(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.#totals].map(([who, codes]) => [who, Object.fromEntries(codes)]));
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size > MAX_OFFENDERS) map.delete(map.keys().next().value!);
}
