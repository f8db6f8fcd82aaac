/**
 * Why an encrypted key file does not open. Its tag cannot tell a wrong password from an altered file; what the cipher yields without
 * the tag can: text comes out of the right password alone.
 */
import type { SkeinError } from "../../base/errors.ts";
import { chainError, type ChainErrorCode } from "../errors.ts";

/** Of random bytes 37 % are printable ASCII; of a key file's JSON, all, or all but some that were damaged. */
const TEXT_SHARE = 0.9;

/** @param decrypted without a look at the tag, which does not fit */
export function notOpened(path: string, decrypted: Uint8Array): SkeinError<ChainErrorCode> {
  if (isText(decrypted)) {
    return damagedBox(path, "the password is right but its content was cut short or altered");
  }
  return chainError(
    "chain/key-password-wrong",
    `open key ${path}: the password does not open it, the one it was encrypted with is required, try again or ` +
      `restore the key from its mnemonic`,
    { path },
  );
}

export function damagedBox(path: string, found: string): SkeinError<ChainErrorCode> {
  return chainError(
    "chain/key-damaged",
    `open key ${path}: ${found}, a whole encrypted file is required, restore it from a copy or from its mnemonic`,
    { path },
  );
}

function isText(bytes: Uint8Array): boolean {
  const printable = bytes.reduce((count, byte) => count + (byte >= 0x20 && byte < 0x7f ? 1 : 0), 0);
  return printable >= TEXT_SHARE * bytes.length;
}
