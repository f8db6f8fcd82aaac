/**
 * sr25519 by @polkadot's WebAssembly, which must be compiled once: `await cryptoReady()` comes before everything else here.
 * util-crypto 14 signs with it, but verifies in JavaScript, which takes three times as long.
 *
 * A secret key has two spellings. Polkadot-js keeps the scalar multiplied by the cofactor 8 ("ed25519 form"); bittensor,
 * like Rust's schnorrkel, writes the scalar itself. The nonce half (the last 32 bytes) is the same in both.
 */
import { createPair, Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { cryptoIsReady, cryptoWaitReady, decodeAddress, encodeAddress } from "@polkadot/util-crypto";
import { sr25519Verify } from "@polkadot/wasm-crypto";
import { assert } from "../base/assert.ts";
import { chainError } from "./errors.ts";

export type { KeyringPair };

/** Bittensor's address prefix, which is Substrate's generic one. */
export const SS58_PREFIX = 42;
const SIGNATURE_BYTES = 64;
const SCALAR_BYTES = 32;

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
    if (key.byteLength === 32) return key;
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

export function keyring(): Keyring {
  return new Keyring({ type: "sr25519", ss58Format: SS58_PREFIX });
}

/** A dev account of local chains, `//Alice` and its like. Everybody knows these keys. */
export function devAccount(uri: string): KeyringPair {
  return keyring().createFromUri(uri);
}

/** @param privateKey 64 bytes in bittensor's spelling */
export function pairFromPrivateKey(publicKey: Uint8Array, privateKey: Uint8Array): KeyringPair {
  const secretKey = privateKey.slice();
  let carry = 0;
  for (let i = 0; i < SCALAR_BYTES; i++) {
    secretKey[i] = ((privateKey[i] << 3) | carry) & 0xff;
    carry = privateKey[i] >> 5;
  }
  return createPair({ toSS58: ss58Of, type: "sr25519" }, { publicKey, secretKey }, {});
}

/** @param secretKey 64 bytes as polkadot-js keeps them @returns 64 bytes in bittensor's spelling */
export function toPrivateKey(secretKey: Uint8Array): Uint8Array {
  const privateKey = secretKey.slice();
  for (let i = 0; i < SCALAR_BYTES; i++) {
    const above = i + 1 < SCALAR_BYTES ? secretKey[i + 1] : 0;
    privateKey[i] = (secretKey[i] >> 3) | ((above & 7) << 5);
  }
  return privateKey;
}
