/**
 * A SCALE type is one value that knows three things: how to encode, how to decode, and its shape for the metadata.
 * Pallets are written in these types once; the codec the runtime uses and the metadata a client reads cannot drift
 * apart.
 */
import { undecodable } from "./errors.ts";
import { ScaleReader, ScaleWriter } from "./scale_bytes.ts";

export interface ScaleType<T> {
  readonly shape: Shape;
  encode(value: T, to: ScaleWriter): void;
  /** @throws {SkeinError} `scale/undecodable` */
  decode(from: ScaleReader): T;
}

// deno-lint-ignore no-explicit-any
export type AnyType = ScaleType<any>;
export type ValueOf<T> = T extends ScaleType<infer V> ? V : never;

/** scale-info's `TypeDef` with the types themselves in place of their numbers. */
export type Shape = { readonly path?: string; readonly parameters?: readonly TypeParameter[] } & ShapeKind;
type ShapeKind =
  | { readonly kind: "primitive"; readonly name: Primitive }
  | { readonly kind: "compact" | "sequence"; readonly of: AnyType }
  | { readonly kind: "array"; readonly of: AnyType; readonly count: number }
  | { readonly kind: "tuple"; readonly of: readonly AnyType[] }
  | { readonly kind: "composite"; readonly fields: readonly Field[] }
  | { readonly kind: "variant"; readonly variants: readonly VariantShape[] };
export type Primitive = "bool" | "str" | "u8" | "u16" | "u32" | "u64" | "u128" | "i16" | "i64" | "i128";
export interface TypeParameter {
  readonly name: string;
  readonly type?: AnyType;
}
export interface Field {
  readonly name?: string;
  readonly type: AnyType;
}
export interface VariantShape {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
}

/** Writers at rest: most values are small and made by the thousand. */
const writers: ScaleWriter[] = [];

export function encodeValue<T>(type: ScaleType<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = writers.pop() ?? new ScaleWriter();
  type.encode(value, writer);
  const written = writer.finish();
  writers.push(writer);
  return written;
}

/** Decodes all of `bytes`. @throws {SkeinError} `scale/undecodable`, also for bytes left over */
export function decodeValue<T>(type: ScaleType<T>, bytes: Uint8Array): T {
  const reader = new ScaleReader(bytes);
  const value = type.decode(reader);
  if (reader.remainingBytes > 0) throw undecodable(`${reader.remainingBytes} bytes are left over`);
  return value;
}

/**
 * A type that is named before it can be written: the enumeration of all pallets' events stands in a pallet's storage,
 * that of all calls in the calls of Utility.
 */
export interface LateType<T> extends ScaleType<T> {
  define(type: ScaleType<T>): void;
}

export function lateType<T>(): LateType<T> {
  let actual: ScaleType<T> | undefined;
  return {
    define: (type) => void (actual = type),
    get shape() {
      return actual!.shape;
    },
    encode: (value, to) => actual!.encode(value, to),
    decode: (from) => from.nested(() => actual!.decode(from)),
  };
}
