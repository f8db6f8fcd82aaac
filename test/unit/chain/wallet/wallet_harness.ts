/** What the wallet tests share. */
import { strict as assert } from "node:assert";
import { isSkeinError, type SkeinError } from "../../../../src/base/errors.ts";

/** Substrate's published development phrase and its root account, as `subkey inspect` prints it. */
export const DEV_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
export const DEV_SEED = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
export const DEV_PUBLIC_KEY = "0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a";
export const DEV_SS58 = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";

export async function inTemporaryDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<SkeinError> {
  const error = await promise.then(() => assert.fail(`${code} expected`), (error) => error);
  assert.ok(isSkeinError(error, code), String(error));
  return error;
}
