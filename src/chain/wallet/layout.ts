/**
 * Where bittensor keeps keys, and what is there:
 *
 *   WALLETPATH/WALLET/coldkey              holds the funds, usually encrypted
 *   WALLETPATH/WALLET/coldkeypub.txt       its public part, readable without a password
 *   WALLETPATH/WALLET/hotkeys/HOTKEY       signs for a node
 *   WALLETPATH/WALLET/hotkeys/HOTKEYpub.txt
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { chainError } from "../errors.ts";
import { ss58Of } from "../sr25519.ts";
import { parsePublicKey } from "./key_file.ts";
import { formOf, type KeyFileForm } from "./sealed_key.ts";

const PUBLIC_SUFFIX = "pub.txt";

export interface WalletPlace {
  readonly walletPath: string;
  readonly wallet: string;
}
export interface HotkeyPlace extends WalletPlace {
  readonly hotkey: string;
}

/** One key as far as it can be told without a password. */
export interface KeyListing {
  readonly name: string;
  readonly path: string;
  /** Absent when neither the file nor its public companion says. */
  readonly ss58?: string;
  /** `public`: only the public part is on this machine. `damaged`: a file that cannot be read as a key. */
  readonly form: KeyFileForm | "public" | "damaged" | "missing";
}

export interface WalletListing {
  readonly name: string;
  readonly path: string;
  readonly coldkey: KeyListing;
  readonly hotkeys: readonly KeyListing[];
}

/** `--wallet-path`, else `BT_WALLET_PATH` as btwallet has it, else `~/.bittensor/wallets`; absolute. */
export function walletPathOf(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const path = given ?? (environment.BT_WALLET_PATH || "~/.bittensor/wallets");
  return resolve(/^~(\/|$)/.test(path) ? join(homedir(), path.slice(1)) : path);
}

/** @throws {SkeinError} `chain/bad-wallet-name` */
export function hotkeyPath({ walletPath, wallet, hotkey }: HotkeyPlace): string {
  return join(walletPath, checkName(wallet), "hotkeys", checkName(hotkey));
}

/** @throws {SkeinError} `chain/bad-wallet-name` */
export function coldkeyPath({ walletPath, wallet }: WalletPlace): string {
  return join(walletPath, checkName(wallet), "coldkey");
}

/** Of a coldkey `coldkeypub.txt`, of a hotkey H `Hpub.txt`. */
export const publicPathOf = (path: string): string => `${path}${PUBLIC_SUFFIX}`;

/** Wallets by name; none when there is no such directory. Nothing but key files is opened. */
export async function listWallets(walletPath: string): Promise<WalletListing[]> {
  const wallets: WalletListing[] = [];
  for (const name of await namesIn(walletPath)) {
    // No command could name it.
    if (!isName(name)) continue;
    const isDirectory = await stat(join(walletPath, name)).then((at) => at.isDirectory(), () => false);
    if (isDirectory) wallets.push(await describeWallet({ walletPath, wallet: name }));
  }
  return wallets.filter(({ coldkey, hotkeys }) => coldkey.form !== "missing" || hotkeys.length > 0);
}

export async function describeWallet(place: WalletPlace): Promise<WalletListing> {
  const path = join(place.walletPath, checkName(place.wallet));
  const files = await namesIn(join(path, "hotkeys"));
  const names = new Set(
    files.map((name) => name.endsWith(PUBLIC_SUFFIX) ? name.slice(0, -PUBLIC_SUFFIX.length) : name),
  );
  names.delete("");
  const hotkeys = [...names].sort().map((hotkey) => describeKey(join(path, "hotkeys", hotkey), hotkey));
  return {
    name: place.wallet,
    path,
    coldkey: await describeKey(join(path, "coldkey"), "coldkey"),
    hotkeys: await Promise.all(hotkeys),
  };
}

export async function describeKey(path: string, name: string): Promise<KeyListing> {
  const [bytes, publicBytes] = await Promise.all([readIfThere(path), readIfThere(publicPathOf(path))]);
  const ss58 = addressIn(publicBytes, publicPathOf(path));
  if (bytes === undefined) {
    return { name, path, ss58, form: publicBytes === undefined ? "missing" : "public" };
  }
  const form = formOf(bytes);
  if (form !== "plain") return { name, path, ss58, form };
  const own = addressIn(bytes, path);
  return own === undefined ? { name, path, ss58, form: "damaged" } : { name, path, ss58: own, form };
}

function addressIn(bytes: Uint8Array | undefined, path: string): string | undefined {
  try {
    return bytes === undefined ? undefined : ss58Of(parsePublicKey(bytes, path));
  } catch {
    return undefined;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return await readFile(path).catch(() => undefined);
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).sort();
}

const isName = (name: string): boolean =>
  /^[^/\\\0]+$/.test(name) && !name.startsWith(".") && name.trim() === name;

/** A name is one part of a path: nothing above or below the wallets' directory is ever touched. */
function checkName(name: string): string {
  if (isName(name)) return name;
  throw chainError(
    "chain/bad-wallet-name",
    `find wallet ${
      JSON.stringify(name.slice(0, 64))
    }: a name without slashes, spaces around it or a dot at its start is required`,
  );
}
