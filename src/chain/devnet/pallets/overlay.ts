/**
 * Writes on top of a state that stays as it is. A block is an overlay on the chain's state, a call an overlay on the
 * block's: what fails is dropped whole, what succeeds is merged down.
 */
export interface StateReader {
  /** @param key hex with 0x */
  get(key: string): Uint8Array | undefined;
}

export class Overlay implements StateReader {
  readonly #below: StateReader;
  /** undefined marks a deletion. */
  readonly changes = new Map<string, Uint8Array | undefined>();

  constructor(below: StateReader) {
    this.#below = below;
  }

  get(key: string): Uint8Array | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.#below.get(key);
  }

  set(key: string, value: Uint8Array | undefined): void {
    this.changes.set(key, value);
  }

  /** Takes over the changes of an overlay that lies on this one. */
  merge(upper: Overlay): void {
    for (const [key, value] of upper.changes) this.changes.set(key, value);
  }
}
