/**
 * Storage items and the keys they live under: twox128(pallet) ‖ twox128(item) ‖ one hashed part for each key. The
 * "concat" hashers keep the key itself behind its hash, which is how a client learns what a map holds by listing
 * keys.
 */
import { blake2AsU8a, xxhashAsU8a } from "@polkadot/util-crypto";
import { assert } from "../../../base/assert.ts";
import { concatBytes, toHex } from "../../../base/bytes.ts";
import { type AnyType, encodeValue, type ScaleType } from "../../scale/scale_type.ts";

export type Hasher = "Blake2_128Concat" | "Twox64Concat" | "Identity";

export interface HashedKey<T> {
  readonly hasher: Hasher;
  readonly type: ScaleType<T>;
}
export const identity = <T>(type: ScaleType<T>): HashedKey<T> => ({ hasher: "Identity", type });
export const blake2Concat = <T>(type: ScaleType<T>): HashedKey<T> => ({ hasher: "Blake2_128Concat", type });
export const twox64Concat = <T>(type: ScaleType<T>): HashedKey<T> => ({ hasher: "Twox64Concat", type });

/** `Absent` is what reading yields where nothing was written: the fallback's type, or undefined. */
export interface StorageEntry<K extends readonly unknown[], V, Absent = V> {
  readonly pallet: string;
  readonly name: string;
  readonly keys: { readonly [I in keyof K]: HashedKey<K[I]> };
  readonly value: ScaleType<V>;
  readonly fallback: Absent;
  readonly isOptional: boolean;
}
// deno-lint-ignore no-explicit-any
export type AnyEntry = StorageEntry<any, any, any>;

type Keys<K extends readonly unknown[]> = { readonly [I in keyof K]: HashedKey<K[I]> };

/** The declarations of one pallet's storage; `declared` lists them in order. */
export class StorageDeclarations {
  readonly declared: AnyEntry[] = [];
  readonly #pallet: string;

  constructor(pallet: string) {
    this.#pallet = pallet;
  }

  plain<V>(name: string, value: ScaleType<V>, fallback: V): StorageEntry<[], V> {
    return this.map(name, [], value, fallback);
  }

  map<const K extends readonly unknown[], V>(
    name: string,
    keys: Keys<K>,
    value: ScaleType<V>,
    fallback: V,
  ): StorageEntry<K, V> {
    return this.#declare({ pallet: this.#pallet, name, keys, value, fallback, isOptional: false });
  }

  optionalMap<const K extends readonly unknown[], V>(
    name: string,
    keys: Keys<K>,
    value: ScaleType<V>,
  ): StorageEntry<K, V, undefined> {
    return this.#declare({ pallet: this.#pallet, name, keys, value, fallback: undefined, isOptional: true });
  }

  #declare<E extends AnyEntry>(entry: E): E {
    const isFirst = this.declared.every(({ name }) => name !== entry.name);
    assert(isFirst, `storage ${this.#pallet}.${entry.name} is declared once`);
    this.declared.push(entry);
    return entry;
  }
}

const prefixes = new Map<string, Uint8Array>();

/** Hex with 0x. */
export function storageKey<K extends readonly unknown[]>(
  entry: StorageEntry<K, unknown, unknown>,
  ...keys: K
): string {
  return storageKeyPrefix(entry, ...keys);
}

/** With as many of the first keys as are given: what all keys with these begin with. */
export function storageKeyPrefix(entry: AnyEntry, ...keys: unknown[]): string {
  const parts = keys.map((key, i) => hashed(entry.keys[i], key));
  return `0x${toHex(concatBytes(prefixOf(entry), ...parts))}`;
}

function prefixOf(entry: { pallet: string; name: string }): Uint8Array {
  const id = `${entry.pallet} ${entry.name}`;
  let prefix = prefixes.get(id);
  if (!prefix) {
    prefix = concatBytes(xxhashAsU8a(entry.pallet, 128), xxhashAsU8a(entry.name, 128));
    prefixes.set(id, prefix);
  }
  return prefix;
}

function hashed(key: HashedKey<unknown>, value: unknown): Uint8Array {
  const encoded = encodeValue(key.type as AnyType, value);
  switch (key.hasher) {
    case "Identity":
      return encoded;
    case "Blake2_128Concat":
      return concatBytes(blake2AsU8a(encoded, 128), encoded);
    case "Twox64Concat":
      return concatBytes(xxhashAsU8a(encoded, 64), encoded);
  }
}
