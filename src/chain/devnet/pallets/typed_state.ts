/** An overlay seen through storage entries: values in and out, SCALE underneath. */
import { concatBytes, fromHex } from "../../../base/bytes.ts";
import { decodeValue, encodeValue } from "../../scale/scale_type.ts";
import { compact, u32 } from "../../scale/primitive_types.ts";
import { ScaleReader } from "../../scale/scale_bytes.ts";
import type { Overlay } from "./overlay.ts";
import { type AnyEntry, type StorageEntry, storageKey, storageKeyPrefix } from "./storage_entry.ts";

const ONE_ITEM_HEADER_BYTES = 1;

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

  /** To a list, as its last item. What is there already is copied, not decoded: lists grow long. */
  append<K extends readonly unknown[], T>(entry: StorageEntry<K, T[]>, item: T, ...keys: K): void {
    const key = storageKey(entry, ...keys);
    const before = this.#overlay.get(key) ?? encodeValue(entry.value, entry.fallback);
    const reader = new ScaleReader(before);
    const count = reader.length();
    const items = before.subarray(reader.offset);
    const added = encodeValue(entry.value, [item]).subarray(ONE_ITEM_HEADER_BYTES);
    this.#overlay.set(key, concatBytes(encodeValue(compact(u32), count + 1), items, added));
  }

  /**
   * What is behind the entry's prefix in each of its keys that is set: hashes, and keys where the hasher keeps them.
   * @param firstKeys those alone that begin with these
   */
  keysOf(entry: AnyEntry, ...firstKeys: unknown[]): Uint8Array[] {
    const start = storageKeyPrefix(entry).length;
    return this.#overlay.keys(storageKeyPrefix(entry, ...firstKeys)).map((key) => fromHex(key.slice(start)));
  }

  /** Everything in the map whose first keys are these. */
  removeAll(entry: AnyEntry, ...firstKeys: unknown[]): void {
    for (const key of this.#overlay.keys(storageKeyPrefix(entry, ...firstKeys))) {
      this.#overlay.set(key, undefined);
    }
  }

  remove<K extends readonly unknown[], V, A>(entry: StorageEntry<K, V, A>, ...keys: K): void {
    this.#overlay.set(storageKey(entry, ...keys), undefined);
  }
}
