/** `skein wallet create`, `new-coldkey`, `new-hotkey`: keys from new mnemonics, each of which is shown once. */
import { newPhrase, secretFromPhrase, type WordCount } from "../../chain/wallet/secret.ts";
import { cryptoReady, keyFromSecret } from "../../chain/wallet/wallet.ts";
import type { Terminal } from "../terminal.ts";
import { checkFree, saveKey } from "./save_key.ts";
import { type KeyKind, keyPathOf, type PlaceFlags } from "./wallet_flags.ts";

export interface CreateFlags extends PlaceFlags {
  readonly hotkey?: string;
  readonly words: WordCount;
  /** False: the coldkey is not encrypted. */
  readonly password?: boolean;
  readonly encryptHotkey?: boolean;
  readonly showMnemonic?: boolean;
  readonly json: boolean;
}

/** @throws {SkeinError} `chain/key-exists` before anything is written, and those of `saveKey` */
export async function createKeys(
  kinds: readonly KeyKind[],
  flags: CreateFlags,
  terminal: Terminal,
): Promise<void> {
  await cryptoReady();
  const paths = kinds.map((kind) => keyPathOf(kind, flags, terminal));
  for (const path of paths) await checkFree(path);
  const made: Record<string, unknown> = {};
  try {
    for (const [i, kind] of kinds.entries()) {
      const phrase = newPhrase(flags.words);
      const key = keyFromSecret(secretFromPhrase(phrase));
      await saveKey(paths[i], key, encryptionOf(kind, flags), terminal);
      made[kind] = { ss58: key.ss58, path: paths[i], ...(flags.showMnemonic ? { mnemonic: phrase } : {}) };
      if (!flags.json) terminal.print(describeNew(kind, paths[i], key.ss58, phrase));
    }
  } finally {
    // Also when the second key failed: the words of the first are shown just once.
    if (flags.json && Object.keys(made).length > 0) terminal.print(JSON.stringify(made));
  }
}

/** A coldkey is encrypted unless told otherwise; a hotkey, which a node needs unattended, only when told so. */
export function encryptionOf(kind: KeyKind, flags: { password?: boolean; encryptHotkey?: boolean }) {
  return kind === "coldkey"
    ? { encrypt: flags.password !== false, howToDoWithout: "with --no-password" }
    : { encrypt: flags.encryptHotkey === true, howToDoWithout: "by leaving out --encrypt-hotkey" };
}

function describeNew(kind: KeyKind, path: string, ss58: string, phrase: string): string {
  return [
    `${kind} ${ss58}`,
    `  kept in ${path}`,
    `  Write these words down and keep them where nobody else reads them. They are shown this once;`,
    `  with them the key can be made again, and whoever has them has the key:`,
    "",
    `    ${phrase}`,
    "",
  ].join("\n");
}
