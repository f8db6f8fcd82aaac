/** `skein wallet export`: a key's secrets, on purpose only. */
import { toHex } from "../../base/bytes.ts";
import { loadHotkey, secretOf } from "../../chain/wallet/wallet.ts";
import { cliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { keyPathOf, passwordsFrom, type PlaceFlags } from "./wallet_flags.ts";

/** @throws {SkeinError} `cli/no-terminal`, `cli/cancelled`, and those of `loadHotkey` */
export async function exportKey(
  flags: PlaceFlags & { hotkey?: string; yes: boolean; json: boolean },
  terminal: Terminal,
): Promise<void> {
  const kind = flags.hotkey === undefined ? "coldkey" : "hotkey";
  const path = keyPathOf(kind, flags, terminal);
  if (!flags.yes) await confirmExport(path, terminal);
  const key = await loadHotkey(path, passwordsFrom(terminal));
  const { phrase, seed, privateKey, publicKey } = secretOf(key);
  const secrets = {
    ss58: key.ss58,
    publicKey: `0x${toHex(publicKey)}`,
    ...(phrase === undefined ? {} : { mnemonic: phrase }),
    ...(seed === undefined ? {} : { seed: `0x${toHex(seed)}` }),
    privateKey: `0x${toHex(privateKey)}`,
  };
  if (flags.json) return terminal.print(JSON.stringify({ path, ...secrets }));
  terminal.print(Object.entries(secrets).map(([name, value]) => `${name.padEnd(10)}  ${value}`).join("\n"));
}

async function confirmExport(path: string, { confirm }: Terminal): Promise<void> {
  if (confirm === undefined) {
    throw cliError(
      "cli/no-terminal",
      `export ${path}: there is no terminal to confirm at, --yes is required`,
    );
  }
  const isWanted = await confirm(`Show the secrets of ${path}? Whoever sees them has the key`);
  if (!isWanted) throw cliError("cli/cancelled", `export ${path}: not confirmed, nothing was shown`);
}
