/**
 * `skein wallet sign`, `verify`. The text is signed as it is, like btwallet does; a signature of the text between `<Bytes>` and
 * `</Bytes>`, which polkadot-js' extension makes, verifies as well. Of a piped text the last line's end is left out.
 */
import { fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { chainError } from "../../chain/errors.ts";
import { publicKeyOf } from "../../chain/sr25519.ts";
import { describeKey } from "../../chain/wallet/layout.ts";
import { cryptoReady, loadHotkey, verifySignature } from "../../chain/wallet/wallet.ts";
import { cliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { keyPathOf, passwordsFrom, type PlaceFlags } from "./wallet_flags.ts";

interface MessageFlags extends PlaceFlags {
  readonly hotkey?: string;
  /** Absent: stdin. */
  readonly message?: string;
  readonly json: boolean;
}

/** @throws {SkeinError} `cli/no-terminal`, and those of `loadHotkey` */
export async function signMessage(flags: MessageFlags, terminal: Terminal): Promise<void> {
  const kind = flags.hotkey === undefined ? "coldkey" : "hotkey";
  const message = await readMessage(flags, terminal);
  const key = await loadHotkey(keyPathOf(kind, flags, terminal), passwordsFrom(terminal));
  const signature = `0x${toHex(key.sign(utf8(message)))}`;
  terminal.print(flags.json ? JSON.stringify({ ss58: key.ss58, signature }) : `${signature}`);
  if (!flags.json) terminal.tell(`signed by ${key.ss58}`);
}

/** @returns whether the signature is good @throws {SkeinError} `chain/bad-address`, `chain/key-missing`, `cli/bad-flags` */
export async function verifyMessage(
  flags: MessageFlags & { address?: string; signature: string },
  terminal: Terminal,
): Promise<boolean> {
  await cryptoReady();
  const signature = flags.signature.trim().replace(/^0x/, "");
  if (!/^[0-9a-fA-F]{128}$/.test(signature)) {
    throw cliError(
      "cli/bad-flags",
      `read --signature: ${signature.length} characters, 128 hexadecimal digits are required`,
    );
  }
  const ss58 = flags.address ?? await addressOf(flags, terminal);
  publicKeyOf(ss58);
  const message = await readMessage(flags, terminal);
  const isValid = [message, `<Bytes>${message}</Bytes>`]
    .some((text) => verifySignature(ss58, utf8(text), fromHex(signature)));
  if (flags.json) terminal.print(JSON.stringify({ ss58, valid: isValid }));
  else terminal.print(`${isValid ? "good: signed" : "bad: not signed"} by ${ss58}`);
  return isValid;
}

async function addressOf(flags: MessageFlags, terminal: Terminal): Promise<string> {
  const kind = flags.hotkey === undefined ? "coldkey" : "hotkey";
  const path = keyPathOf(kind, flags, terminal);
  const { ss58 } = await describeKey(path, kind);
  if (ss58 !== undefined) return ss58;
  throw chainError(
    "chain/key-missing",
    `find the address of ${path}: no public part is there, pass --address`,
    {
      path,
    },
  );
}

async function readMessage({ message }: MessageFlags, terminal: Terminal): Promise<string> {
  const text = message ?? (await terminal.readPiped()).replace(/\r?\n$/, "");
  if (text !== "") return text;
  throw cliError("cli/bad-flags", "read message: nothing, pass --message or pipe the text in");
}
