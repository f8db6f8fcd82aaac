/**
 * Certificates that do not follow from our own state prove only that some group signed them. They are hints: worth a look at
 * what peers have, but one registered liar can make as many as it likes, for any step. So each sender is believed once,
 * and again after a pause that doubles, until our own state has come as far as it said.
 */
import type { Hotkey } from "../base/transport.ts";

const FIRST_PAUSE_MS = 5000;
const MAX_DOUBLINGS = 7;

export class Hints {
  #heard = new Map<Hotkey, { outerStep: number; count: number; untilMs: number }>();

  isWorthALook(from: Hotkey, nowMs: number): boolean {
    return nowMs >= (this.#heard.get(from)?.untilMs ?? -Infinity);
  }

  /** It was looked at: not again so soon. */
  followed(from: Hotkey, outerStep: number, nowMs: number): void {
    const count = Math.min(MAX_DOUBLINGS, this.#heard.get(from)?.count ?? 0);
    this.#heard.set(from, { outerStep, count: count + 1, untilMs: nowMs + FIRST_PAUSE_MS * 2 ** count });
  }

  /** Our state is at `outerStep`: whoever spoke of no more than that was right. */
  reached(outerStep: number): void {
    for (const [from, hint] of this.#heard) if (hint.outerStep <= outerStep) this.#heard.delete(from);
  }
}
