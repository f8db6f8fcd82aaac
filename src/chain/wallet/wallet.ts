/**
 * Keys in hand. The hotkey signs for a node day by day; the coldkey holds the funds and signs registrations. The secret a
 * pair came from is kept beside it, out of reach of logs and JSON.
 */
import { readFile } from "node:fs/promises";
import { assert } from "../../base/assert.ts";
import { utf8 } from "../../base/bytes.ts";
import { isSkeinError } from "../../base/errors.ts";
import { secureRandomBytes } from "../../base/random.ts";
import type { Signer } from "../../base/transport.ts";
import { chainError } from "../errors.ts";
import { cryptoReady, type KeyringPair } from "../sr25519.ts";
import { formatKeyFile, formatPublicKeyFile, parseKeyFile } from "./key_file.ts";
import {
  PASSWORD_VARIABLE,
  passwordInEnvironment,
  type PasswordSource,
  passwordVariableOf,
} from "./key_password.ts";
import { coldkeyPath, publicPathOf, type WalletPlace } from "./layout.ts";
import {
  checkSealedLength,
  formOf,
  type KeyFileForm,
  NONCE_BYTES,
  openSealedKey,
  sealKey,
} from "./sealed_key.ts";
import { newPhrase, pairFromSecret, type Secret, secretFromPhrase } from "./secret.ts";
import { writeKeyFile } from "./write_key_file.ts";

export { cryptoReady, devAccount, type KeyringPair, verifySignature } from "../sr25519.ts";
export { coldkeyPath, hotkeyPath } from "./layout.ts";

const MNEMONIC_WORDS = 12;
/** Wrong passwords that a person may type before the command ends. */
const ATTEMPTS = 3;

/** A key in hand. `hotkey` is its ss58 again, so that it serves as the `Signer` of state machines. */
export interface HotkeyPair extends Signer {
  readonly ss58: string;
  readonly publicKey: Uint8Array;
  /** For extrinsics. */
  readonly pair: KeyringPair;
  sign(message: Uint8Array): Uint8Array;
}

const secrets = new WeakMap<HotkeyPair, Secret>();

/** A new key from a new mnemonic. */
export async function createHotkey(): Promise<HotkeyPair> {
  await cryptoReady();
  return hotkeyFromPhrase(newPhrase(MNEMONIC_WORDS));
}

/** `cryptoReady()` must have resolved. @throws {SkeinError} `chain/bad-secret` when the phrase is no mnemonic */
export function hotkeyFromPhrase(phrase: string): HotkeyPair {
  return keyFromSecret(secretFromPhrase(phrase));
}

/** `cryptoReady()` must have resolved. */
export function keyFromSecret(secret: Secret): HotkeyPair {
  const pair = pairFromSecret(secret);
  const key: HotkeyPair = {
    hotkey: pair.address,
    ss58: pair.address,
    publicKey: pair.publicKey,
    sign: (message) => pair.sign(message),
    get pair() {
      return pair;
    },
  };
  secrets.set(key, secret);
  return key;
}

/** For those who show it to its owner. */
export function secretOf(key: HotkeyPair): Secret {
  const secret = secrets.get(key);
  assert(secret !== undefined, "a key in hand has a secret");
  return secret;
}

/**
 * @param password encrypts the file; takes seconds
 * @throws {SkeinError} `chain/key-exists`, `chain/key-memory`
 */
export async function saveHotkey(path: string, key: HotkeyPair, password?: string): Promise<void> {
  const plain = formatKeyFile(secretOf(key));
  const content = password === undefined
    ? plain
    : await sealKey(utf8(plain), password, secureRandomBytes(NONCE_BYTES));
  await writeKeyFile(path, content);
}

/** The public companion of the key file at `path`. @throws {SkeinError} `chain/key-exists` */
export async function savePublicKey(path: string, key: HotkeyPair): Promise<void> {
  await writeKeyFile(publicPathOf(path), formatPublicKeyFile(key.publicKey));
}

/**
 * Any key file, a coldkey's too. Opening an encrypted one takes seconds.
 * @param source without one, encrypted files are refused
 * @throws {SkeinError} `chain/key-missing`, `chain/key-damaged`, `chain/key-encrypted`, `chain/key-password-wrong`,
 * `chain/key-unsupported`, `chain/key-memory`
 */
export async function loadHotkey(path: string, source?: PasswordSource): Promise<HotkeyPair> {
  await cryptoReady();
  const bytes = await readKeyFile(path);
  const form = formOf(bytes);
  if (form === "sealed") checkSealedLength(bytes, path);
  const plain = form !== "plain" && source !== undefined ? await unlock(bytes, path, source) : bytes;
  return keyFromSecret(parseKeyFile(plain, path).secret);
}

async function readKeyFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") {
      throw chainError(
        "chain/key-missing",
        `read key ${path}: no such file, create the key or name another`,
        { path },
      );
    }
    throw chainError(
      "chain/key-damaged",
      `read key ${path}: the file cannot be read, check its permissions`,
      { path },
      error,
    );
  }
}

const COST: Readonly<Record<KeyFileForm, string>> = {
  plain: "no time",
  sealed: "some seconds and 512 MiB of memory",
  "ansible-vault": "a moment",
  fernet: "some seconds",
};

async function unlock(bytes: Uint8Array, path: string, source: PasswordSource): Promise<Uint8Array> {
  const open = (password: string) => {
    const message = `opening ${path}, which takes ${COST[formOf(bytes)]}`;
    const work = () => openSealedKey(bytes, password, path);
    if (source.tellDuring !== undefined) return source.tellDuring(message, work);
    source.notify?.(message);
    return work();
  };
  const found = passwordInEnvironment(path, source.environment);
  if (found !== undefined) {
    source.notify?.(`the password of ${path} is that of ${found.variable}`);
    return await open(found.password);
  }
  if (source.ask === undefined) {
    throw chainError(
      "chain/key-encrypted",
      `read key ${path}: it is encrypted and there is no terminal to ask for its password, set ${PASSWORD_VARIABLE}, ` +
        `or ${passwordVariableOf(path)} as btwallet does`,
      { path },
    );
  }
  for (let attempt = 1;; attempt++) {
    try {
      return await open(await source.ask(`Password of ${path}`));
    } catch (error) {
      if (!isSkeinError(error, "chain/key-password-wrong") || attempt === ATTEMPTS) throw error;
      source.notify?.(error.message);
    }
  }
}

/** The coldkey of a wallet that a node keeps for itself, unencrypted, with its `coldkeypub.txt`. */
export async function loadOrCreateColdkey(at: WalletPlace): Promise<HotkeyPair> {
  const path = coldkeyPath(at);
  try {
    return await loadHotkey(path);
  } catch (error) {
    if (!isSkeinError(error, "chain/key-missing")) throw error;
  }
  const created = await createHotkey();
  await saveHotkey(path, created);
  await savePublicKey(path, created);
  return created;
}
