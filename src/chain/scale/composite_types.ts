/** Sequences, tuples, structs and enumerations of other types. */
import { assert } from "../../base/assert.ts";
import { undecodable } from "./errors.ts";
import type { AnyType, Field, ScaleType, TypeParameter, ValueOf } from "./scale_type.ts";

export function vec<T>(of: ScaleType<T>): ScaleType<T[]> {
  return {
    shape: { kind: "sequence", of },
    encode(items, to) {
      to.compact(items.length);
      for (const item of items) of.encode(item, to);
    },
    decode: (from) => Array.from({ length: from.length() }, () => of.decode(from)),
  };
}

export function tuple<T extends readonly AnyType[]>(
  ...types: T
): ScaleType<{ [K in keyof T]: ValueOf<T[K]> }> {
  return {
    shape: { kind: "tuple", of: types },
    encode: (values, to) => types.forEach((type, i) => type.encode(values[i], to)),
    decode: (from) => types.map((type) => type.decode(from)) as { [K in keyof T]: ValueOf<T[K]> },
  };
}

/** [of; count] */
export function array<T>(of: ScaleType<T>, count: number): ScaleType<T[]> {
  return {
    shape: { kind: "array", of, count },
    encode(items, to) {
      assert(items.length === count, `${items.length} items for an array of ${count}`);
      for (const item of items) of.encode(item, to);
    },
    decode: (from) => Array.from({ length: count }, () => of.decode(from)),
  };
}

/** The empty tuple. */
export const unit: ScaleType<undefined> = {
  shape: { kind: "tuple", of: [] },
  encode() {},
  decode: () => undefined,
};

type StructValue<F> = { [K in keyof F]: ValueOf<F[K]> };

/** A struct with named fields. `path` is the Rust path that clients name the type by. */
export function struct<F extends Record<string, AnyType>>(
  path: string,
  fields: F,
  parameters: readonly TypeParameter[] = [],
): ScaleType<StructValue<F>> {
  const entries = Object.entries(fields);
  return {
    shape: { kind: "composite", path, parameters, fields: entries.map(([name, type]) => ({ name, type })) },
    encode: (value, to) => entries.forEach(([name, type]) => type.encode(value[name as keyof F], to)),
    decode: (from) =>
      Object.fromEntries(entries.map(([name, type]) => [name, type.decode(from)])) as StructValue<F>,
  };
}

/** A struct of one unnamed field, which is what its value is. */
export function wrapper<T>(
  path: string,
  of: ScaleType<T>,
  parameters: readonly TypeParameter[] = [],
): ScaleType<T> {
  return {
    shape: { kind: "composite", path, parameters, fields: [{ type: of }] },
    encode: of.encode,
    decode: of.decode,
  };
}

/**
 * A value of an enumeration. `value` is undefined, the single unnamed field, an array of unnamed fields, or an object
 * of named ones.
 */
export interface Variant {
  readonly name: string;
  // deno-lint-ignore no-explicit-any
  readonly value?: any;
}
export type Payload = undefined | AnyType | readonly AnyType[] | Readonly<Record<string, AnyType>>;

/** @param cases name → [index, payload] */
export function variant(
  path: string,
  cases: Readonly<Record<string, readonly [index: number, payload?: Payload]>>,
  parameters: readonly TypeParameter[] = [],
): ScaleType<Variant> {
  const variants = Object.entries(cases).map(([name, [index, payload]]) => ({
    name,
    index,
    fields: fieldsOf(payload),
    codec: codecOf(payload),
  }));
  const byName = new Map(variants.map((each) => [each.name, each]));
  const byIndex = new Map(variants.map((each) => [each.index, each]));
  assert(byIndex.size === variants.length, `indices of ${path} differ`);
  return {
    shape: { kind: "variant", path, parameters, variants },
    encode(value, to) {
      const found = byName.get(value.name);
      if (!found) assert(false, `${path} has no ${value.name}`);
      to.u8(found.index);
      found.codec.encode(value.value, to);
    },
    decode(from) {
      const index = from.u8();
      const found = byIndex.get(index);
      if (!found) throw undecodable(`${path} has no variant ${index}`);
      return { name: found.name, value: found.codec.decode(from) };
    },
  };
}

/** An enumeration without payloads, numbered from zero. */
export function plainVariant(path: string, names: readonly string[]): ScaleType<Variant> {
  return variant(path, Object.fromEntries(names.map((name, index) => [name, [index]])));
}

export function option<T>(of: ScaleType<T>): ScaleType<T | undefined> {
  const inner = variant("Option", { None: [0], Some: [1, of] }, [{ name: "T", type: of }]);
  return {
    shape: inner.shape,
    encode: (value, to) => inner.encode(value === undefined ? { name: "None" } : { name: "Some", value }, to),
    decode: (from) => inner.decode(from).value,
  };
}

const isType = (payload: Payload): payload is AnyType =>
  payload !== undefined && "shape" in payload && "decode" in payload;
const isList = (payload: Payload): payload is readonly AnyType[] => Array.isArray(payload);

function fieldsOf(payload: Payload): Field[] {
  if (payload === undefined) return [];
  if (isType(payload)) return [{ type: payload }];
  if (isList(payload)) return payload.map((type) => ({ type }));
  return Object.entries(payload).map(([name, type]) => ({ name, type }));
}

function codecOf(payload: Payload): AnyType {
  if (payload === undefined) return unit;
  if (isType(payload)) return payload;
  if (isList(payload)) return tuple(...payload);
  return struct("", payload);
}
