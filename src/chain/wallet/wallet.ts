/**
 * Wallets in bittensor's layout: `WALLETPATH/WALLET/{coldkey, coldkeypub.txt, hotkeys/HOTKEY}`. The hotkey signs for a node
 * day by day; the coldkey holds the funds and signs registrations. Files are 0600 and never overwritten. The secret a pair
 * came from is kept beside it, out of reach of logs and JSON.
 */
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mnemonicGenerate } from "@polkadot/util-crypto";
import { assert } from "../../base/assert.ts";
import type { Signer } from "../../base/transport.ts";
import { chainError } from "../errors.ts";
import {
  formatKeyFile,
  formatPublicKeyFile,
  pairFromSecret,
  parseKeyFile,
  type Secret,
  secretFromPhrase,
} from "./key_file.ts";
import { cryptoReady, type KeyringPair } from "../sr25519.ts";

export { cryptoReady, devAccount, type KeyringPair, verifySignature } from "../sr25519.ts";

const MNEMONIC_WORDS = 12;

/** A key in hand. `hotkey` is its ss58 again, so that it serves as the `Signer` of state machines. */
export interface HotkeyPair extends Signer {
  readonly ss58: string;
  readonly publicKey: Uint8Array;
  /** For extrinsics. */
  readonly pair: KeyringPair;
  sign(message: Uint8Array): Uint8Array;
}

const secrets = new WeakMap<HotkeyPair, Secret>();

export function hotkeyPath(at: { walletPath: string; wallet: string; hotkey: string }): string {
  return join(at.walletPath, at.wallet, "hotkeys", at.hotkey);
}

export function coldkeyPath(at: { walletPath: string; wallet: string }): string {
  return join(at.walletPath, at.wallet, "coldkey");
}

/** A new key from a new mnemonic. */
export async function createHotkey(): Promise<HotkeyPair> {
  await cryptoReady();
  return hotkeyFromPhrase(mnemonicGenerate(MNEMONIC_WORDS));
}

/** `cryptoReady()` must have resolved. The phrase must be a valid mnemonic. */
export function hotkeyFromPhrase(phrase: string): HotkeyPair {
  const secret = secretFromPhrase(phrase);
  return wrap(pairFromSecret(secret), secret);
}

/** @throws {SkeinError} `chain/key-exists` */
export async function saveHotkey(path: string, pair: HotkeyPair): Promise<void> {
  const secret = secrets.get(pair);
  assert(secret !== undefined, "a key that was loaded without its seed cannot be saved");
  await writeNew(path, formatKeyFile(secret));
}

/** @throws {SkeinError} `chain/key-missing`, `chain/key-damaged`, `chain/key-encrypted` */
export async function loadHotkey(path: string): Promise<HotkeyPair> {
  await cryptoReady();
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") {
      throw chainError(
        "chain/key-damaged",
        `read key ${path}: the file cannot be read, check its permissions`,
        { path },
        error,
      );
    }
    throw chainError("chain/key-missing", `read key ${path}: no such file, create the key or name another`, {
      path,
    });
  }
  const { pair, secret } = parseKeyFile(bytes, path);
  return wrap(pair, secret);
}

/** The coldkey of a wallet that a node keeps for itself, unencrypted, with its `coldkeypub.txt`. */
export async function loadOrCreateColdkey(at: { walletPath: string; wallet: string }): Promise<HotkeyPair> {
  const path = coldkeyPath(at);
  try {
    return await loadHotkey(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "chain/key-missing") throw error;
  }
  const created = await createHotkey();
  await saveHotkey(path, created);
  await writeNew(`${path}pub.txt`, formatPublicKeyFile(created.publicKey));
  return created;
}

function wrap(pair: KeyringPair, secret?: Secret): HotkeyPair {
  const wrapped: HotkeyPair = {
    hotkey: pair.address,
    ss58: pair.address,
    publicKey: pair.publicKey,
    sign: (message) => pair.sign(message),
    get pair() {
      return pair;
    },
  };
  if (secret !== undefined) secrets.set(wrapped, secret);
  return wrapped;
}

async function writeNew(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    throw chainError(
      "chain/key-exists",
      `write key ${path}: a file is there already, keys are never overwritten, move it away first`,
      { path },
    );
  }
}
