/**
 * An encrypted key file, as btwallet writes it since 2023:
 *
 *   "$NACL" | nonce (24) | NaCl secretbox of the JSON: tag (16), XSalsa20 stream
 *
 * The box's key is derived from the password, which takes seconds: see `box_key.ts`.
 */
import { secretbox, xsalsa20 } from "@noble/ciphers/salsa.js";
import { concatBytes, fromUtf8, utf8 } from "../../base/bytes.ts";
import { damagedBox, notOpened } from "./box_errors.ts";
import { boxKeyOf } from "./box_key.ts";
import { openFernet, openVault } from "./old_boxes.ts";

export const NONCE_BYTES = 24;
const PREFIX = utf8("$NACL");
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export type KeyFileForm = "plain" | "sealed" | "ansible-vault" | "fernet";

/** By the first bytes alone. */
export function formOf(bytes: Uint8Array): KeyFileForm {
  const start = fromUtf8(bytes.subarray(0, 14));
  if (start.startsWith("$NACL")) return "sealed";
  if (start.startsWith("$ANSIBLE_VAULT")) return "ansible-vault";
  return start.startsWith("gAAAAA") ? "fernet" : "plain";
}

/** @param nonce 24 random bytes, used once @throws {SkeinError} `chain/key-memory` */
export async function sealKey(plain: Uint8Array, password: string, nonce: Uint8Array): Promise<Uint8Array> {
  return sealBox(plain, await boxKeyOf(password), nonce);
}

/**
 * Opens what any wallet of bittensor's has encrypted. @param path for messages only
 * @throws {SkeinError} `chain/key-password-wrong`, `chain/key-damaged`, `chain/key-memory`
 */
export async function openSealedKey(bytes: Uint8Array, password: string, path: string): Promise<Uint8Array> {
  const form = formOf(bytes);
  if (form === "ansible-vault") return openVault(bytes, password, path);
  if (form === "fernet") return openFernet(bytes, password, path);
  checkSealedLength(bytes, path);
  return openBox(bytes, await boxKeyOf(password), path);
}

export function sealBox(plain: Uint8Array, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concatBytes(PREFIX, nonce, secretbox(key, nonce).seal(plain));
}

/** @throws {SkeinError} `chain/key-password-wrong`, `chain/key-damaged` */
export function openBox(bytes: Uint8Array, key: Uint8Array, path: string): Uint8Array {
  checkSealedLength(bytes, path);
  const nonce = bytes.subarray(PREFIX.length, PREFIX.length + NONCE_BYTES);
  const box = bytes.subarray(PREFIX.length + NONCE_BYTES);
  try {
    return secretbox(key, nonce).open(box);
  } catch {
    throw notOpened(path, streamOf(key, nonce, box));
  }
}

/** What can be told of a `$NACL` file without a password. @throws {SkeinError} `chain/key-damaged` */
export function checkSealedLength(bytes: Uint8Array, path: string): void {
  const least = PREFIX.length + NONCE_BYTES + TAG_BYTES + "{}".length;
  if (bytes.length < least) throw damagedBox(path, `it is cut short after ${bytes.length} bytes`);
}

/** In a secretbox the stream's first 32 bytes are the tag's key; the text comes after them. */
function streamOf(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array {
  const padded = new Uint8Array(KEY_BYTES + box.length - TAG_BYTES);
  padded.set(box.subarray(TAG_BYTES), KEY_BYTES);
  return xsalsa20(key, nonce, padded).subarray(KEY_BYTES);
}
