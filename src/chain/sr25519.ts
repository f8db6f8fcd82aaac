/**
 * Key pairs of accounts, by @polkadot's keyring; signatures and addresses are in sr25519_signature.ts.
 *
 * A secret key has two spellings. Polkadot-js keeps the scalar multiplied by the cofactor 8 ("ed25519 form"); bittensor,
 * like Rust's schnorrkel, writes the scalar itself. The nonce half (the last 32 bytes) is the same in both.
 */
import { createPair, Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { SS58_PREFIX, ss58Of } from "./sr25519_signature.ts";

export * from "./sr25519_signature.ts";
export type { KeyringPair };

const SCALAR_BYTES = 32;

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
