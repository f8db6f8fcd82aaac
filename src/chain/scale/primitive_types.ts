/** Integers, booleans, text and byte strings. Up to 32 bits a value is a number, above a bigint. */
import { assert } from "../../base/assert.ts";
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import { undecodable } from "./errors.ts";
import type { ScaleType } from "./scale_type.ts";

function smallUint(name: "u8" | "u16" | "u32", byteCount: number): ScaleType<number> {
  const limit = 2 ** (8 * byteCount);
  return {
    shape: { kind: "primitive", name },
    encode(value, to) {
      // Messages are made only when they are needed: this runs a hundred times a transaction.
      if (!Number.isInteger(value) || value < 0 || value >= limit) assert(false, `${value} is no ${name}`);
      to.smallUint(value, byteCount);
    },
    decode: (from) => from.smallUint(byteCount),
  };
}

function bigUint(name: "u64" | "u128", byteCount: number): ScaleType<bigint> {
  const limit = 1n << BigInt(8 * byteCount);
  return {
    shape: { kind: "primitive", name },
    encode(value, to) {
      if (value < 0n || value >= limit) assert(false, `${value} is no ${name}`);
      to.uint(value, byteCount);
    },
    decode: (from) => from.uint(byteCount),
  };
}

export const u8 = smallUint("u8", 1);
export const u16 = smallUint("u16", 2);
export const u32 = smallUint("u32", 4);
export const u64 = bigUint("u64", 8);
export const u128 = bigUint("u128", 16);

/** Two's complement. */
function signed<T extends number | bigint>(name: "i16" | "i64" | "i128", byteCount: number) {
  const half = 1n << BigInt(8 * byteCount - 1);
  const type: ScaleType<T> = {
    shape: { kind: "primitive", name },
    encode(value, to) {
      const whole = BigInt(value);
      assert(whole >= -half && whole < half, `${value} is no ${name}`);
      to.uint(whole, byteCount);
    },
    decode(from) {
      const value = BigInt.asIntN(8 * byteCount, from.uint(byteCount));
      return (byteCount <= 4 ? Number(value) : value) as T;
    },
  };
  return type;
}

export const i16 = signed<number>("i16", 2);
export const i64 = signed<bigint>("i64", 8);
export const i128 = signed<bigint>("i128", 16);

export const bool: ScaleType<boolean> = {
  shape: { kind: "primitive", name: "bool" },
  encode: (value, to) => to.u8(value ? 1 : 0),
  decode(from) {
    const byte = from.u8();
    if (byte > 1) throw undecodable(`a boolean of ${byte}, 0 or 1 required`);
    return byte === 1;
  },
};

export const text: ScaleType<string> = {
  shape: { kind: "primitive", name: "str" },
  encode(value, to) {
    const bytes = utf8(value);
    to.compact(bytes.byteLength);
    to.raw(bytes);
  },
  decode: (from) => fromUtf8(from.raw(from.length())),
};

/** Vec<u8> */
export const bytes: ScaleType<Uint8Array> = {
  shape: { kind: "sequence", of: u8 },
  encode(value, to) {
    to.compact(value.byteLength);
    to.raw(value);
  },
  decode: (from) => from.raw(from.length()),
};

/** [u8; byteCount] */
export function fixedBytes(byteCount: number): ScaleType<Uint8Array> {
  return {
    shape: { kind: "array", of: u8, count: byteCount },
    encode(value, to) {
      if (value.byteLength !== byteCount) assert(false, `${value.byteLength} bytes for [u8; ${byteCount}]`);
      to.raw(value);
    },
    decode: (from) => from.raw(byteCount),
  };
}

/** A compact integer of the same value type as `of`. */
export function compact<T extends number | bigint>(of: ScaleType<T>): ScaleType<T> {
  assert(of.shape.kind === "primitive", "a compact integer has an integer inside");
  const bitCount = Number(of.shape.name.slice(1));
  const limit = 2n ** BigInt(bitCount);
  return {
    shape: { kind: "compact", of },
    encode(value, to) {
      if (value < 0 || value >= limit) assert(false, `${value} is no compact of ${bitCount} bits`);
      to.compact(value);
    },
    decode(from) {
      const value = from.compact();
      if (value >> BigInt(bitCount) !== 0n) throw undecodable(`compact ${value}, at most ${bitCount} bits`);
      return (bitCount <= 32 ? Number(value) : value) as T;
    },
  };
}
