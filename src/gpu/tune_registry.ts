/**
 * Choices between kernels that compute the same, made by measuring. Operations ask for a choice while they are recorded into
 * a plan (`DispatchPlan.choice`) and fall back on a rule of thumb; what was asked is remembered here, so that a tuner can
 * measure exactly those questions and have the plans recorded again. One registry a device.
 */
export class Tuning {
  #asked = new Map<string, unknown>();
  #chosen = new Map<string, string>();

  /** The name that was chosen for `key`, if it was measured. `subject` is what a tuner needs to measure it. */
  choice(key: string, subject: unknown): string | undefined {
    const chosen = this.#chosen.get(key);
    if (chosen === undefined) this.#asked.set(key, subject);
    return chosen;
  }

  /** Questions that had no answer when they were asked, and have none yet. */
  get open(): readonly (readonly [string, unknown])[] {
    return [...this.#asked].filter(([key]) => !this.#chosen.has(key));
  }

  choose(key: string, name: string): void {
    this.#chosen.set(key, name);
    this.#asked.delete(key);
  }
}
