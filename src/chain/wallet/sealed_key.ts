/**
 * An encrypted key file, as btwallet writes it since 2023:
 *
 *   "$NACL" | nonce (24) | NaCl secretbox of the JSON: tag (16), XSalsa20 stream
 *
 * The box's key is derived from the password, which takes seconds: see `box_key.ts`.
 *
 * A box that does not open has one of two causes, which its tag cannot tell apart. So the stream is decrypted without the tag,
 * only to see whether text comes out: then the password is right, and the file is damaged.
 */
import { secretbox, xsalsa20 } from "@noble/ciphers/salsa.js";
import { concatBytes, fromUtf8, utf8 } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";
import { boxKeyOf } from "./box_key.ts";

export const NONCE_BYTES = 24;
const PREFIX = utf8("$NACL");
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** Of random bytes 37 % are printable ASCII; of a key file's JSON, all, or all but one that was damaged. */
const TEXT_SHARE = 0.9;

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
 * @param path for messages only
 * @throws {SkeinError} `chain/key-password-wrong`, `chain/key-damaged`, `chain/key-memory`
 */
export async function openSealedKey(bytes: Uint8Array, password: string, path: string): Promise<Uint8Array> {
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
    if (isText(streamOf(key, nonce, box))) {
      throw damaged(path, "the password is right but its content was cut short or altered");
    }
    throw chainError(
      "chain/key-password-wrong",
      `open key ${path}: the password does not open it, the one it was encrypted with is required, try again or ` +
        `restore the key from its mnemonic`,
      { path },
    );
  }
}

/** What can be told without a password. @throws {SkeinError} `chain/key-damaged` */
export function checkSealedLength(bytes: Uint8Array, path: string): void {
  const least = PREFIX.length + NONCE_BYTES + TAG_BYTES + "{}".length;
  if (bytes.length < least) throw damaged(path, `it is cut short after ${bytes.length} bytes`);
}

/** In a secretbox the stream's first 32 bytes are the tag's key; the text comes after them. */
function streamOf(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array {
  const padded = new Uint8Array(KEY_BYTES + box.length - TAG_BYTES);
  padded.set(box.subarray(TAG_BYTES), KEY_BYTES);
  return xsalsa20(key, nonce, padded).subarray(KEY_BYTES);
}

function isText(bytes: Uint8Array): boolean {
  const printable = bytes.reduce((count, byte) => count + (byte >= 0x20 && byte < 0x7f ? 1 : 0), 0);
  return printable >= TEXT_SHARE * bytes.length;
}

function damaged(path: string, found: string): Error {
  return chainError(
    "chain/key-damaged",
    `open key ${path}: ${found}, a whole $NACL file is required, restore it from a copy or from its mnemonic`,
    { path },
  );
}
