/** An overlay seen through storage entries: values in and out, SCALE underneath. */
import { decodeValue, encodeValue } from "../scale/scale_type.ts";
import type { Overlay } from "./overlay.ts";
import { type StorageEntry, storageKey } from "./storage_entry.ts";

export class TypedState {
  readonly #overlay: Overlay;

  constructor(overlay: Overlay) {
    this.#overlay = overlay;
  }

  get<K extends readonly unknown[], V, A>(entry: StorageEntry<K, V, A>, ...keys: K): V | A {
    const bytes = this.#overlay.get(storageKey(entry, ...keys));
    return bytes === undefined ? entry.fallback : decodeValue(entry.value, bytes);
  }

  has<K extends readonly unknown[], V, A>(entry: StorageEntry<K, V, A>, ...keys: K): boolean {
    return this.#overlay.get(storageKey(entry, ...keys)) !== undefined;
  }

  /** The value comes first so that the keys may follow, however many. */
  set<K extends readonly unknown[], V, A>(entry: StorageEntry<K, V, A>, value: V, ...keys: K): void {
    this.#overlay.set(storageKey(entry, ...keys), encodeValue(entry.value, value));
  }

  remove<K extends readonly unknown[], V, A>(entry: StorageEntry<K, V, A>, ...keys: K): void {
    this.#overlay.set(storageKey(entry, ...keys), undefined);
  }
}
