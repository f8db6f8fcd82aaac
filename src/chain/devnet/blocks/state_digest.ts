/**
 * A digest of the whole state that costs only the changes: the sum, modulo 2²⁵⁶, of the hashes of all (key, value)
 * pairs. It is the same for the same state however it came about, and shows a store that was altered. It is not a
 * proof against somebody who crafts states, which on a chain of one author nobody has to fear.
 */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { concatBytes, toHex, utf8 } from "../../../base/bytes.ts";
import { encodeValue } from "../../scale/scale_type.ts";
import { bytes } from "../../scale/primitive_types.ts";
import type { StateReader } from "../pallets/overlay.ts";
import type { Changes } from "./block.ts";

const MODULUS_MASK = (1n << 256n) - 1n;

export function digestOfState(state: Iterable<readonly [string, Uint8Array]>): bigint {
  let sum = 0n;
  for (const [key, value] of state) sum += hashOfPair(key, value);
  return sum & MODULUS_MASK;
}

/** The digest after `changes` to a state whose digest was `sum`. */
export function digestAfter(sum: bigint, before: StateReader, changes: Changes): bigint {
  for (const [key, value] of changes) {
    const old = before.get(key);
    if (old) sum -= hashOfPair(key, old);
    if (value) sum += hashOfPair(key, value);
  }
  return sum & MODULUS_MASK;
}

/** Header form: 32 bytes, big-endian. */
export function digestBytes(sum: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((sum >> BigInt(8 * (31 - i))) & 255n));
}

function hashOfPair(key: string, value: Uint8Array): bigint {
  const pair = concatBytes(encodeValue(bytes, utf8(key)), value);
  return BigInt(`0x${toHex(blake2AsU8a(pair, 256))}`);
}
