/**
 * Writes on top of a state that stays as it is. A block is an overlay on the chain's state, a call an overlay on the
 * block's: what fails is dropped whole, what succeeds is merged down.
 */
export interface StateReader {
  /** @param key hex with 0x */
  get(key: string): Uint8Array | undefined;
  /** All keys with that prefix, in no order. It may look at the whole state: nothing for what runs in each block. */
  keys(prefix: string): Iterable<string>;
}

/** A state that is what was written to an empty one. */
export function stateOf(changes: ReadonlyMap<string, Uint8Array | undefined>): StateReader {
  const overlay = new Overlay(EMPTY_STATE);
  for (const [key, value] of changes) overlay.set(key, value);
  return overlay;
}

export const EMPTY_STATE: StateReader = { get: () => undefined, keys: () => [] };

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

  keys(prefix: string): string[] {
    const found = [...this.#below.keys(prefix)].filter((key) => !this.changes.has(key));
    for (const [key, value] of this.changes) if (value && key.startsWith(prefix)) found.push(key);
    return found;
  }

  set(key: string, value: Uint8Array | undefined): void {
    this.changes.set(key, value);
  }

  /** Takes over the changes of an overlay that lies on this one. */
  merge(upper: Overlay): void {
    for (const [key, value] of upper.changes) this.changes.set(key, value);
  }
}
