/** `skein wallet list`, `show`: what is there, without a password and without a secret. */
import { chainError } from "../../chain/errors.ts";
import {
  describeWallet,
  type KeyListing,
  listWallets,
  type WalletListing,
  walletPathOf,
} from "../../chain/wallet/layout.ts";
import { alignColumns } from "../columns.ts";
import type { Terminal } from "../terminal.ts";
import type { PlaceFlags } from "./wallet_flags.ts";

const FORMS: Readonly<Record<KeyListing["form"], string>> = {
  plain: "unencrypted",
  sealed: "encrypted",
  "ansible-vault": "encrypted (Ansible Vault)",
  fernet: "encrypted (Fernet)",
  public: "public part only",
  damaged: "damaged",
  missing: "missing",
};

export async function printWallets(
  flags: { walletPath?: string; json: boolean },
  terminal: Terminal,
): Promise<void> {
  const walletPath = walletPathOf(flags.walletPath, terminal.environment);
  const wallets = await listWallets(walletPath);
  if (flags.json) terminal.print(JSON.stringify({ walletPath, wallets }));
  else if (wallets.length > 0) terminal.print(renderWallets(wallets));
  else terminal.print(`no wallets in ${walletPath}; make one with: skein wallet create`);
}

/** @throws {SkeinError} `chain/key-missing` */
export async function printWallet(flags: PlaceFlags & { json: boolean }, terminal: Terminal): Promise<void> {
  const walletPath = walletPathOf(flags.walletPath, terminal.environment);
  const wallet = await describeWallet({ walletPath, wallet: flags.wallet });
  if (wallet.coldkey.form === "missing" && wallet.hotkeys.length === 0) {
    throw chainError(
      "chain/key-missing",
      `show wallet ${wallet.path}: no key is there, see skein wallet list, or make one with: skein wallet create ` +
        `--wallet ${flags.wallet}`,
      { path: wallet.path },
    );
  }
  if (flags.json) return terminal.print(JSON.stringify(wallet));
  const lines = [wallet.coldkey, ...wallet.hotkeys].map((key, i) =>
    `${i === 0 ? "coldkey" : `hotkey ${key.name}`}\n  ${key.ss58 ?? "address unknown"}\n  ${key.path}\n  ${
      FORMS[key.form]
    }`
  );
  terminal.print([`wallet ${wallet.name}`, ...lines].join("\n"));
}

export function renderWallets(wallets: readonly WalletListing[]): string {
  const row = (
    wallet: string,
    kind: string,
    { ss58, form }: KeyListing,
  ) => [wallet, kind, ss58 ?? "–", FORMS[form]];
  const rows = wallets.flatMap(({ name, coldkey, hotkeys }) => [
    row(name, "coldkey", coldkey),
    ...hotkeys.map((hotkey) => row("", `hotkey ${hotkey.name}`, hotkey)),
  ]);
  const headings = ["wallet", "key", "address", "kept"];
  return alignColumns(headings, rows, headings.length);
}
