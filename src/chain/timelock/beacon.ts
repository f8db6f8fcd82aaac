/**
 * A randomness beacon of drand's kind: every period it publishes its BLS signature (BLS12-381, signatures in G1, keys in
 * G2) of the round's number, and nobody can know that signature before. drand's quicknet is the public one; a
 * local chain is its own, with a key that is no secret.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex } from "../../base/bytes.ts";

export interface Beacon {
  /** Compressed point of G2, 96 bytes. */
  readonly publicKey: Uint8Array;
  /** Of round 1, in seconds since the Unix epoch. */
  readonly genesisSec: number;
  readonly periodSec: number;
}

/** drand's quicknet (https://api.drand.sh/v2/beacons/quicknet/info). */
export const QUICKNET: Beacon = {
  publicKey: fromHex(
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c" +
      "921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  ),
  genesisSec: 1692803367,
  periodSec: 3,
};

export const PUBLIC_KEY_BYTES = 96;
export const SIGNATURE_BYTES = 48;
export const SECRET_KEY_BYTES = 32;
const DOMAIN = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const scheme = bls12_381.shortSignatures;

/** The round that is the newest at a time; 0 before the first. */
export function roundAt(timeMs: number, { genesisSec, periodSec }: Omit<Beacon, "publicKey">): number {
  return Math.max(0, Math.floor((timeMs / 1000 - genesisSec) / periodSec) + 1);
}

/** The point of G1 whose signature opens what was locked to the round. */
export function roundPoint(round: number | bigint) {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setBigUint64(0, BigInt(round));
  return scheme.hash(sha256(message), DOMAIN);
}

/** @param secretKey 32 bytes, a number below the group's order */
export function signRound(round: number | bigint, secretKey: Uint8Array): Uint8Array {
  return scheme.sign(roundPoint(round), secretKey).toBytes(true);
}

export function beaconPublicKey(secretKey: Uint8Array): Uint8Array {
  return scheme.getPublicKey(secretKey).toBytes(true);
}

/** Whether the signature is the beacon's of that round; false, too, for bytes that are no points. */
export function isRoundSignature(
  round: number | bigint,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  try {
    return scheme.verify(signature, roundPoint(round), publicKey);
  } catch {
    return false;
  }
}
