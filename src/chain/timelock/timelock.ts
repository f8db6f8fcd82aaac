/**
 * Messages that open when a beacon publishes a round: identity-based encryption (Boneh & Franklin, with the
 * Fujisaki–Okamoto transform) of a message key to the round, and AES-256-GCM of the message under that key.
 *
 *   r = sha256(σ ‖ key) mod order    U = r·G₂    V = σ ⊕ sha256(e(Q, P)ʳ)    W = key ⊕ sha256(σ)
 *
 * Q is the round's point of G1, P the beacon's key; σ and the key are random. Who has the signature s·Q computes the same
 * e(s·Q, U), and sees from U that nothing was forged. As in bittensor-drand, whose bytes these are; not tlock-js's.
 */
import { gcm } from "@noble/ciphers/aes.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes, toHex } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";
import { roundPoint } from "./beacon.ts";
import {
  badCiphertext,
  decodeCiphertext,
  encodeCiphertext,
  KEY_BYTES,
  MAX_MESSAGE_BYTES,
  NONCE_BYTES,
} from "./ciphertext.ts";

const { G1, G2, fields } = bls12_381;
const { Fr, Fp12 } = fields;
type Gt = ReturnType<typeof bls12_381.pairing>;

const FIELD_BYTES = 48;

export interface LockOptions {
  readonly round: number | bigint;
  /** The beacon's. */
  readonly publicKey: Uint8Array;
  /** Secure random bytes. */
  readonly random: (byteCount: number) => Uint8Array;
}

/** @throws {SkeinError} `chain/bad-timelock` for a message that is too long or a key that is no point of G2 */
export function timelockEncrypt(message: Uint8Array, options: LockOptions): Uint8Array<ArrayBuffer> {
  if (message.byteLength > MAX_MESSAGE_BYTES) {
    throw chainError(
      "chain/bad-timelock",
      `lock a message: ${message.byteLength} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`,
    );
  }
  const publicKey = beaconKey(options.publicKey);
  const { random } = options;
  const [sigma, key, nonce] = [random(KEY_BYTES), random(KEY_BYTES), random(NONCE_BYTES)];
  const r = blinding(sigma, key);
  const shared = Fp12.pow(bls12_381.pairing(roundPoint(options.round), publicKey), r);
  return encodeCiphertext({
    u: G2.Point.BASE.multiply(r).toBytes(true),
    v: xor(sigma, sha256(arkworksBytes(shared))),
    w: xor(key, sha256(sigma)),
    sealed: gcm(key, nonce).encrypt(message),
    nonce,
  });
}

/**
 * @param signature the beacon's, of the round that the message is locked to
 * @throws {SkeinError} `chain/bad-timelock` when either is damaged or they do not belong together
 */
export function timelockDecrypt(ciphertext: Uint8Array, signature: Uint8Array): Uint8Array {
  const { u, v, w, sealed, nonce } = decodeCiphertext(ciphertext);
  const shared = pair(signature, u);
  const sigma = xor(v, sha256(arkworksBytes(shared)));
  const key = xor(w, sha256(sigma));
  if (!equalBytes(G2.Point.BASE.multiply(blinding(sigma, key)).toBytes(true), u)) {
    throw badCiphertext("the signature is of another round or beacon, or the message was changed");
  }
  try {
    return gcm(key, nonce).decrypt(sealed);
  } catch (error) {
    throw badCiphertext("the sealed message was changed", error);
  }
}

function beaconKey(publicKey: Uint8Array) {
  try {
    const point = G2.Point.fromBytes(publicKey);
    point.assertValidity();
    return point;
  } catch (error) {
    throw chainError(
      "chain/bad-timelock",
      `lock a message: a beacon key of ${publicKey.byteLength} bytes that is no point of G2, 96 are required`,
      {},
      error,
    );
  }
}

function pair(signature: Uint8Array, u: Uint8Array): Gt {
  try {
    const signaturePoint = G1.Point.fromBytes(signature);
    const uPoint = G2.Point.fromBytes(u);
    signaturePoint.assertValidity();
    uPoint.assertValidity();
    return bls12_381.pairing(signaturePoint, uPoint);
  } catch (error) {
    throw badCiphertext("the signature or U is no point of its group", error);
  }
}

/** Zero with probability 2⁻²⁵⁵. */
function blinding(sigma: Uint8Array, key: Uint8Array): bigint {
  return Fr.create(BigInt(`0x${toHex(sha256(concatBytes(sigma, key)))}`));
}

/** The twelve coefficients from the lowest on, each little-endian, where the library has them big-endian. */
function arkworksBytes(value: Gt): Uint8Array {
  const bytes = Fp12.toBytes(value).slice();
  for (let at = 0; at < bytes.length; at += FIELD_BYTES) bytes.subarray(at, at + FIELD_BYTES).reverse();
  return bytes;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]);
}
