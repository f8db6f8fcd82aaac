/**
 * sr25519 signatures and ss58 addresses by @polkadot's WebAssembly, which must be compiled once: `await cryptoReady()` comes
 * before everything else here. Only the parts that this takes are loaded: wallets and keyrings (sr25519.ts) take five times
 * the memory. util-crypto 14 signs with the same WebAssembly, but verifies in JavaScript, three times as slowly.
 */
import { decodeAddress } from "@polkadot/util-crypto/address/decode";
import { encodeAddress } from "@polkadot/util-crypto/address/encode";
import { cryptoIsReady, cryptoWaitReady } from "@polkadot/util-crypto/crypto";
import { sr25519KeypairFromSeed, sr25519Sign, sr25519Verify } from "@polkadot/wasm-crypto";
import { assert } from "../base/assert.ts";
import { chainError } from "./errors.ts";

/** Bittensor's address prefix, which is Substrate's generic one. */
export const SS58_PREFIX = 42;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

export async function cryptoReady(): Promise<void> {
  await cryptoWaitReady();
}

/** False on a forged signature and on anything that is no address or no signature. */
export function verifySignature(ss58: string, message: Uint8Array, signature: Uint8Array): boolean {
  assert(cryptoIsReady(), "verifySignature needs cryptoReady() to have resolved");
  if (signature.byteLength !== SIGNATURE_BYTES) return false;
  try {
    return sr25519Verify(signature, message, decodeAddress(ss58, false, SS58_PREFIX));
  } catch {
    return false;
  }
}

/** @throws {SkeinError} `chain/bad-address` */
export function publicKeyOf(ss58: string): Uint8Array {
  try {
    const key = decodeAddress(ss58, false, SS58_PREFIX);
    if (key.byteLength === PUBLIC_KEY_BYTES) return key;
  } catch {
    // falls through to the one error below
  }
  throw chainError(
    "chain/bad-address",
    `read address "${
      ss58.slice(0, 64)
    }": not an ss58 address of prefix ${SS58_PREFIX}, check for typing errors`,
  );
}

export function ss58Of(publicKey: Uint8Array): string {
  return encodeAddress(publicKey, SS58_PREFIX);
}

export interface SigningAccount {
  /** ss58. */
  readonly address: string;
  sign(message: Uint8Array): Uint8Array;
}

/** @param seed 32 bytes */
export function accountFromSeed(seed: Uint8Array): SigningAccount {
  assert(cryptoIsReady(), "accountFromSeed needs cryptoReady() to have resolved");
  const pair = sr25519KeypairFromSeed(seed); // secret key, 64 bytes, and public key
  const secretKey = pair.slice(0, -PUBLIC_KEY_BYTES);
  const publicKey = pair.slice(-PUBLIC_KEY_BYTES);
  return {
    address: ss58Of(publicKey),
    sign: (message) => sr25519Sign(publicKey, secretKey, message),
  };
}
