/**
 * Rust's fixed-point numbers (crate substrate_fixed): an integer of which so many bits stand behind the point. The count
 * is part of the type, as a binary number written in types (crate typenum). A value is its raw bits.
 */
import { assert } from "../../../base/assert.ts";
import { struct } from "../../scale/composite_types.ts";
import { i128, i64, u128 } from "../../scale/primitive_types.ts";
import type { AnyType, ScaleType } from "../../scale/scale_type.ts";

const terminator = struct("typenum::uint::UTerm", {});
const bits = [struct("typenum::bit::B0", {}), struct("typenum::bit::B1", {})];
const knownNumbers = new Map<number, AnyType>([[0, terminator]]);

/** 6 is UInt<UInt<UInt<UTerm, B1>, B1>, B0>. */
function typeNumber(value: number): AnyType {
  const known = knownNumbers.get(value);
  if (known) return known;
  const msb = typeNumber(value >> 1);
  const lsb = bits[value & 1];
  const type = struct("typenum::uint::UInt", { msb, lsb }, [{ name: "U", type: msb }, {
    name: "B",
    type: lsb,
  }]);
  knownNumbers.set(value, type);
  return type;
}

function fixed(name: string, integer: ScaleType<bigint>, fractionBits: number): ScaleType<bigint> {
  assert(fractionBits <= 128, "no type has more bits behind the point than it has");
  const inner = struct(`substrate_fixed::${name}`, { bits: integer }, [
    { name: "Frac", type: typeNumber(fractionBits) },
  ]);
  return {
    shape: inner.shape,
    encode: (value, to) => inner.encode({ bits: value }, to),
    decode: (from) => inner.decode(from).bits,
  };
}

/** I32F32, I96F32 and U64F64 of the crate. */
export const i32f32 = fixed("FixedI64", i64, 32);
export const i96f32 = fixed("FixedI128", i128, 32);
export const u64f64 = fixed("FixedU128", u128, 64);
