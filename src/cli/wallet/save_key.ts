/**
 * Puts a key into a wallet: the place is looked at first, so that nobody types a password for a file that cannot be written;
 * then the key file, then its public companion. A companion that is there already stays, if it is of the same account.
 */
import { readFile } from "node:fs/promises";
import { chainError } from "../../chain/errors.ts";
import { parsePublicKey } from "../../chain/wallet/key_file.ts";
import { describeKey, publicPathOf } from "../../chain/wallet/layout.ts";
import { ss58Of } from "../../chain/sr25519.ts";
import { type HotkeyPair, saveHotkey, savePublicKey } from "../../chain/wallet/wallet.ts";
import type { Terminal } from "../terminal.ts";
import { newPasswordFor } from "./new_password.ts";

/** @throws {SkeinError} `chain/key-exists` */
export async function checkFree(path: string): Promise<void> {
  const { form } = await describeKey(path, "key");
  if (form === "missing" || form === "public") return;
  throw chainError(
    "chain/key-exists",
    `write key ${path}: a file is there already, keys are never overwritten, move it away or choose another name`,
    { path },
  );
}

/**
 * @param howToDoWithout how a key is left unencrypted, for the message to those who cannot be asked
 * @throws {SkeinError} `chain/key-exists`, and those of `newPasswordFor`
 */
export async function saveKey(
  path: string,
  key: HotkeyPair,
  { encrypt, howToDoWithout }: { encrypt: boolean; howToDoWithout: string },
  terminal: Terminal,
): Promise<void> {
  await checkFree(path);
  const known = await publicCompanionOf(path);
  if (known !== undefined && known !== key.ss58) {
    throw chainError(
      "chain/key-exists",
      `write key ${path}: it is of ${key.ss58}, and ${
        publicPathOf(path)
      } is of ${known}, give that key's secret or ` +
        `choose another name`,
      { path },
    );
  }
  const password = encrypt ? await newPasswordFor(path, terminal, howToDoWithout) : undefined;
  const save = () => saveHotkey(path, key, password);
  const message = `encrypting ${path}, which takes some seconds and 512 MiB of memory`;
  await (encrypt ? terminal.tellDuring(message, save) : save());
  if (known === undefined) await savePublicKey(path, key);
}

async function publicCompanionOf(path: string): Promise<string | undefined> {
  const bytes = await readFile(publicPathOf(path)).catch(() => undefined);
  return bytes === undefined ? undefined : ss58Of(parsePublicKey(bytes, publicPathOf(path)));
}
