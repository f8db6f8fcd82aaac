/**
 * What a validator commits to before its weights are known: their hash, to be revealed by hand, or the weights themselves
 * in a locked message that the chain opens. Runtimes with `commit_timelocked_weights` want the hotkey in the message, so
 * that nobody can commit a copy of it; the earlier ones, with `commit_crv3_weights`, read it without.
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { equalBytes } from "../../base/bytes.ts";
import { isSkeinError } from "../../base/errors.ts";
import { struct, tuple, vec } from "../scale/composite_types.ts";
import { bytes, fixedBytes, u16, u64 } from "../scale/primitive_types.ts";
import { decodeValue, encodeValue, type ScaleType } from "../scale/scale_type.ts";
import { chainError } from "../errors.ts";

export interface WeightsToCommit {
  readonly uids: readonly number[];
  /** As many, 0…65535. */
  readonly values: readonly number[];
  readonly versionKey: bigint;
}

const ACCOUNT_BYTES = 32;
const u16s = vec(u16);
const hashed = tuple(fixedBytes(ACCOUNT_BYTES), u16, u16s, u16s, u16s, u64);
const plainFields = { uids: u16s, values: u16s, version_key: u64 };
const plainPayload = struct("", plainFields);
const signedPayload = struct("", { hotkey: bytes, ...plainFields });

/**
 * @param weights.hotkey its public key
 * @param weights.netuid with mechanism m of it: netuid + 4096·m
 * @returns 32 bytes, for `commit_weights`
 */
export function weightsCommitHash(
  weights: WeightsToCommit & { hotkey: Uint8Array; netuid: number; salt: readonly number[] },
): Uint8Array<ArrayBuffer> {
  const { hotkey, netuid, uids, values, salt, versionKey } = weights;
  const encoded = encodeValue(hashed, [hotkey, netuid, [...uids], [...values], [...salt], versionKey]);
  return blake2b(encoded, { dkLen: 32 }) as Uint8Array<ArrayBuffer>;
}

/** @param weights.hotkey the public key, only for a runtime that wants it */
export function encodeWeightsPayload(
  weights: WeightsToCommit & { hotkey?: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const { hotkey, uids, values, versionKey } = weights;
  const fields = { uids: [...uids], values: [...values], version_key: versionKey };
  return hotkey ? encodeValue(signedPayload, { hotkey, ...fields }) : encodeValue(plainPayload, fields);
}

/**
 * Reads either form. @param committer who sent it, whose hotkey must be in it if one is
 * @throws {SkeinError} `chain/bad-timelock`
 */
export function decodeWeightsPayload(payload: Uint8Array, committer: Uint8Array): WeightsToCommit {
  const signed = tryDecode(signedPayload, payload);
  if (signed?.hotkey.byteLength === ACCOUNT_BYTES) {
    if (!equalBytes(signed.hotkey, committer)) throw badPayload("another hotkey's weights");
    return weightsOf(signed);
  }
  const plain = tryDecode(plainPayload, payload);
  if (!plain) throw badPayload(`${payload.byteLength} bytes that are no weights`);
  return weightsOf(plain);
}

const weightsOf = (
  { uids, values, version_key }: { uids: number[]; values: number[]; version_key: bigint },
) => ({
  uids,
  values,
  versionKey: version_key,
});

function tryDecode<T>(type: ScaleType<T>, payload: Uint8Array): T | undefined {
  try {
    return decodeValue(type, payload);
  } catch (error) {
    if (isSkeinError(error, "scale/undecodable")) return undefined;
    throw error;
  }
}

function badPayload(what: string) {
  return chainError("chain/bad-timelock", `reveal timelocked weights: ${what}`);
}
