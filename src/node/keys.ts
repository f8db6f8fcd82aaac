/**
 * A node's keys: the hotkey (sr25519), and the libp2p identity (an Ed25519 seed of its own, kept beside it). A node without
 * a named wallet keeps one in its home, in the bittensor layout like any other.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secureRandomBytes } from "../base/random.ts";
import { SkeinError } from "../base/errors.ts";
import type { PasswordSource } from "../chain/wallet/key_password.ts";
import { walletPathOf } from "../chain/wallet/layout.ts";
import { createHotkey, type HotkeyPair, hotkeyPath, loadHotkey, saveHotkey } from "../chain/wallet/wallet.ts";

const IDENTITY_SEED_BYTES = 32;

/** The hotkey in `home`'s own wallet, made when there is none. */
export async function loadOrCreateHotkey(home: string): Promise<HotkeyPair> {
  const at = { walletPath: join(home, "wallets"), wallet: "default", hotkey: "default" };
  try {
    return await loadHotkey(hotkeyPath(at));
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== "chain/key-missing") throw error;
  }
  const created = await createHotkey();
  await saveHotkey(hotkeyPath(at), created);
  return created;
}

/**
 * A wallet the operator brought: never created here. An encrypted hotkey takes its password from `source`.
 * @throws {SkeinError} those of `loadHotkey`
 */
export async function loadNamedHotkey(
  options: { walletPath?: string; wallet: string; hotkey: string },
  source: PasswordSource,
): Promise<HotkeyPair> {
  const walletPath = walletPathOf(options.walletPath, source.environment);
  return await loadHotkey(hotkeyPath({ ...options, walletPath }), source);
}

/** 32 bytes, made at first use. @throws {SkeinError} `node/identity-damaged` */
export async function loadOrCreateIdentitySeed(home: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(home, "identity.key");
  try {
    const seed = new Uint8Array(await readFile(path));
    if (seed.byteLength === IDENTITY_SEED_BYTES) return seed;
    throw new SkeinError(
      "node/identity-damaged",
      `read ${path}: ${seed.byteLength} bytes, ${IDENTITY_SEED_BYTES} required, remove it for a new identity`,
      { path },
    );
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
  const seed = secureRandomBytes(IDENTITY_SEED_BYTES);
  await writeFile(path, seed, { mode: 0o600, flag: "wx" });
  return seed;
}
