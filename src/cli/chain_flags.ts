/** Flags that the chain's commands share, and the accounts that they name. */
import { describeKey } from "../chain/wallet/layout.ts";
import { type HotkeyPair, loadHotkey } from "../chain/wallet/wallet.ts";
import { amountFlag } from "./amount.ts";
import { integerFlag } from "./flags.ts";
import type { Terminal } from "./terminal.ts";
import { type KeyKind, keyPathOf, passwordsFrom } from "./wallet/wallet_flags.ts";

export const NETUID_FLAG = ["--netuid <n>", "subnet", integerFlag(0, 65535), 1] as const;
export const WALLET_FLAG = ["--wallet <name>", "name of the wallet", "default"] as const;
export const WALLET_PATH_FLAG = [
  "--wallet-path <dir>",
  "where wallets are (default: BT_WALLET_PATH, else ~/.bittensor/wallets)",
] as const;
export const HOTKEY_FLAG = ["--hotkey <name>", "hotkey of the wallet", "default"] as const;
export const OTHER_HOTKEY_FLAG = [
  "--hotkey-address <ss58>",
  "somebody's hotkey, instead of one of the wallet's",
] as const;
export const JSON_FLAG = ["--json", "print one JSON object, amounts in rao", false] as const;
export const YES_FLAG = ["--yes", "pay without asking", false] as const;
export const AMOUNT_FLAG = ["--amount <tao>", "how much, in TAO", amountFlag] as const;
export const MAX_COST_FLAG = [
  "--max-cost <tao>",
  "pay no more than this (default: the price that you agree to)",
  amountFlag,
] as const;

export interface AccountFlags {
  readonly wallet: string;
  readonly walletPath?: string;
  readonly hotkey?: string;
}

/** The key itself, to sign with. @throws {SkeinError} those of `loadHotkey`, the missing with advice */
export async function loadKey(
  kind: KeyKind,
  flags: AccountFlags,
  terminal: Terminal,
): Promise<HotkeyPair> {
  return await loadHotkey(keyPathOf(kind, flags, terminal), passwordsFrom(terminal));
}

/** The hotkey that is named by address, else the wallet's. */
export async function hotkeyAddressOf(
  flags: AccountFlags & { readonly hotkeyAddress?: string },
  terminal: Terminal,
): Promise<string> {
  return flags.hotkeyAddress ?? await addressOf("hotkey", flags, terminal);
}

/** By the public part where it is on this machine: no password is needed then. */
export async function addressOf(
  kind: KeyKind,
  flags: AccountFlags,
  terminal: Terminal,
): Promise<string> {
  const { ss58 } = await describeKey(keyPathOf(kind, flags, terminal), kind);
  return ss58 ?? (await loadKey(kind, flags, terminal)).ss58;
}
