/**
 * `skein wallet regen`, `regen-coldkey`, `regen-hotkey`: a key that exists elsewhere, from its mnemonic, its seed, or a file
 * that polkadot-js exported. Secrets come from the environment, a question or a pipe, never from an argument.
 */
import { readFile } from "node:fs/promises";
import { fromUtf8 } from "../../base/bytes.ts";
import {
  type Secret,
  secretFromExport,
  secretFromPhrase,
  secretFromSeedText,
} from "../../chain/wallet/secret.ts";
import { cryptoReady, keyFromSecret } from "../../chain/wallet/wallet.ts";
import { cliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { encryptionOf } from "./create_keys.ts";
import { checkFree, saveKey } from "./save_key.ts";
import { type KeyKind, keyPathOf, type PlaceFlags } from "./wallet_flags.ts";

export interface RegenerateFlags extends PlaceFlags {
  readonly hotkey?: string;
  readonly password?: boolean;
  readonly encryptHotkey?: boolean;
  readonly seed?: boolean;
  /** A file exported by polkadot-js. */
  readonly jsonFile?: string;
  readonly json: boolean;
}

/** @throws {SkeinError} `chain/bad-secret`, `cli/no-terminal`, `cli/bad-flags`, and those of `saveKey` */
export async function regenerateKey(
  kind: KeyKind,
  flags: RegenerateFlags,
  terminal: Terminal,
): Promise<void> {
  await cryptoReady();
  if (flags.seed && flags.jsonFile !== undefined) {
    throw cliError("cli/bad-flags", "regenerate key: --seed and --json-file given, one of them is required");
  }
  const path = keyPathOf(kind, flags, terminal);
  await checkFree(path);
  const key = keyFromSecret(await readSecret(flags, terminal));
  await saveKey(path, key, encryptionOf(kind, flags), terminal);
  if (flags.json) terminal.print(JSON.stringify({ [kind]: { ss58: key.ss58, path } }));
  else terminal.print(`${kind} ${key.ss58}\n  kept in ${path}`);
}

async function readSecret({ seed, jsonFile }: RegenerateFlags, terminal: Terminal): Promise<Secret> {
  if (jsonFile !== undefined) {
    const exported = await readExport(jsonFile);
    return secretFromExport(
      exported,
      await readHidden("Password it was exported with", "SKEIN_EXPORT_PASSWORD", terminal),
    );
  }
  if (seed) return secretFromSeedText(await readHidden("Seed", "SKEIN_WALLET_SEED", terminal));
  return secretFromPhrase(await readHidden("Mnemonic", "SKEIN_WALLET_MNEMONIC", terminal));
}

async function readExport(path: string): Promise<string> {
  try {
    return fromUtf8(await readFile(path));
  } catch (error) {
    throw cliError(
      "cli/bad-flags",
      `read ${path}: it cannot be read, a file exported by polkadot-js is required`,
      error,
    );
  }
}

async function readHidden(what: string, variable: string, terminal: Terminal): Promise<string> {
  const given = terminal.environment[variable];
  if (given) return given.replace(/\r?\n$/, "");
  if (terminal.ask !== undefined) return await terminal.ask(what);
  const piped = (await terminal.readPiped()).replace(/\r?\n$/, "");
  if (piped !== "") return piped;
  throw cliError(
    "cli/no-terminal",
    `ask for ${what.toLowerCase()}: there is no terminal and nothing on stdin, set ${variable} or pipe it in`,
  );
}
