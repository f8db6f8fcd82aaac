/**
 * Key files as bittensor's wallets encrypted them before `$NACL`; they are opened, never written.
 *
 *   Ansible Vault   "$ANSIBLE_VAULT;1.1;AES256", then hexadecimal over lines, of three hexadecimal lines: salt, tag, ciphertext.
 *                   PBKDF2-SHA256 of the password, 10,000 rounds, gives two keys of 32 bytes and a counter of 16: AES-256-CTR of the
 *                   padded text, HMAC-SHA256 of the ciphertext by the second key
 *   Fernet          base64url of 0x80, a time of 8 bytes, an initial vector of 16, ciphertext, HMAC-SHA256 of all that. PBKDF2-SHA256,
 *                   10,000,000 rounds with a salt that is the same for everybody, gives the tag's key and that of AES-128-CBC
 */
import { cbc, ctr } from "@noble/ciphers/aes.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes, fromHex, fromUtf8, utf8 } from "../../base/bytes.ts";
import { damagedBox, notOpened } from "./box_errors.ts";

const BLOCK_BYTES = 16;
const TAG_BYTES = 32;
const VAULT_ROUNDS = 10_000;
const FERNET_ROUNDS = 10_000_000;
const FERNET_VERSION = 0x80;
const FERNET_HEAD_BYTES = 1 + 8;
const FERNET_SALT = utf8("Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins");

/** @throws {SkeinError} `chain/key-password-wrong`, `chain/key-damaged` */
export async function openVault(bytes: Uint8Array, password: string, path: string): Promise<Uint8Array> {
  const [salt, tag, sealed] = vaultParts(bytes, path);
  const keys = await pbkdf2(password, salt, VAULT_ROUNDS, 32 + 32 + BLOCK_BYTES);
  const plain = ctr(keys.subarray(0, 32), keys.subarray(64)).decrypt(sealed);
  return checked(plain, equalBytes(hmac(sha256, keys.subarray(32, 64), sealed), tag), path);
}

/** @throws {SkeinError} `chain/key-password-wrong`, `chain/key-damaged` */
export async function openFernet(bytes: Uint8Array, password: string, path: string): Promise<Uint8Array> {
  const { signed, initial, sealed, tag } = fernetParts(bytes, path);
  const keys = await pbkdf2(password, FERNET_SALT, FERNET_ROUNDS, 32);
  const plain = cbc(keys.subarray(16), initial, { disablePadding: true }).decrypt(sealed);
  return checked(plain, equalBytes(hmac(sha256, keys.subarray(0, 16), signed), tag), path);
}

function vaultParts(bytes: Uint8Array, path: string): [Uint8Array, Uint8Array, Uint8Array] {
  const body = fromUtf8(bytes).trim().split(/\r?\n/).slice(1).join("").trim();
  const parts = parsed(() => fromUtf8(fromHex(body)).split("\n").map((line) => fromHex(line)));
  if (parts?.length === 3 && parts[1].length === TAG_BYTES && isPadded(parts[2])) {
    return [parts[0], parts[1], parts[2]];
  }
  throw damagedBox(path, "it is no whole Ansible Vault");
}

function fernetParts(bytes: Uint8Array, path: string) {
  const text = fromUtf8(bytes).trim();
  const token = parsed(() => Uint8Array.fromBase64(text, { alphabet: "base64url" }));
  const headBytes = FERNET_HEAD_BYTES + BLOCK_BYTES;
  if (token === undefined || token[0] !== FERNET_VERSION || token.length < headBytes + TAG_BYTES) {
    throw damagedBox(path, "it is no whole Fernet token");
  }
  const signed = token.subarray(0, token.length - TAG_BYTES);
  const sealed = signed.subarray(headBytes);
  if (!isPadded(sealed)) throw damagedBox(path, "its Fernet token was cut short");
  return {
    signed,
    sealed,
    initial: signed.subarray(FERNET_HEAD_BYTES, headBytes),
    tag: token.subarray(signed.length),
  };
}

const isPadded = (sealed: Uint8Array) => sealed.length > 0 && sealed.length % BLOCK_BYTES === 0;

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined; // not of this form: what to say of it is the caller's
  }
}

function checked(padded: Uint8Array, isAuthentic: boolean, path: string): Uint8Array {
  const paddingBytes = padded[padded.length - 1];
  const plain = padded.subarray(0, Math.max(0, padded.length - paddingBytes));
  if (!isAuthentic) throw notOpened(path, padded.subarray(0, padded.length - BLOCK_BYTES));
  return plain;
}

/** By the platform's own, which leaves this thread free. */
async function pbkdf2(
  password: string,
  salt: Uint8Array,
  iterations: number,
  byteCount: number,
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: salt.slice(), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 8 * byteCount));
}
