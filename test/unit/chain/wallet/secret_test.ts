import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../../src/base/errors.ts";
import {
  newPhrase,
  secretFromExport,
  secretFromPhrase,
  secretFromPrivateKey,
  secretFromSeedText,
} from "../../../../src/chain/wallet/secret.ts";
import {
  cryptoReady,
  devAccount,
  keyFromSecret,
  loadHotkey,
  saveHotkey,
  verifySignature,
} from "../../../../src/chain/wallet/wallet.ts";
import { DEV_PHRASE, DEV_SEED, DEV_SS58, inTemporaryDirectory } from "./wallet_harness.ts";

const throwsWith = (code: string, act: () => unknown, hidden?: string) =>
  assert.throws(act, (error) => isSkeinError(error, code) && (!hidden || !error.message.includes(hidden)));

Deno.test("a mnemonic is taken however it was spaced, and new ones have as many words as asked", async () => {
  await cryptoReady();
  assert.equal(
    keyFromSecret(secretFromPhrase(`  ${DEV_PHRASE.toUpperCase().replaceAll(" ", "\n ")}\n`)).ss58,
    DEV_SS58,
  );
  for (const count of [12, 24] as const) assert.equal(newPhrase(count).split(" ").length, count);
  throwsWith("chain/bad-secret", () => secretFromPhrase(""));
  throwsWith("chain/bad-secret", () => secretFromPhrase(DEV_PHRASE.replace("walk", "fit")), "bottom");
});

Deno.test("a seed is 64 hexadecimal digits", async () => {
  await cryptoReady();
  assert.equal(keyFromSecret(secretFromSeedText(DEV_SEED)).ss58, DEV_SS58);
  for (const text of ["", "0x", DEV_SEED.slice(0, -1), `${DEV_SEED}00`, DEV_SEED.replace("f", "g")]) {
    throwsWith("chain/bad-secret", () => secretFromSeedText(text), "ac7959");
  }
});

Deno.test("a private key that is not the public key's is no secret", async () => {
  await cryptoReady();
  const { publicKey, privateKey } = secretFromPhrase(DEV_PHRASE);
  assert.ok(secretFromPrivateKey(publicKey, privateKey));
  assert.equal(secretFromPrivateKey(devAccount("//Bob").publicKey, privateKey), undefined);
  assert.equal(secretFromPrivateKey(publicKey, new Uint8Array(64).fill(255)), undefined);
});

Deno.test("an account exported by polkadot-js is read, and survives as a key file", () =>
  inTemporaryDirectory(async (directory) => {
    await cryptoReady();
    const alice = devAccount("//Alice");
    const exported = JSON.stringify(alice.toJson("its password"));
    const path = `${directory}/h`;
    await saveHotkey(path, keyFromSecret(secretFromExport(exported, "its password")));
    const loaded = await loadHotkey(path);
    assert.equal(loaded.ss58, alice.address);
    const message = new Uint8Array([1]);
    assert.ok(verifySignature(alice.address, message, loaded.sign(message)));
    throwsWith("chain/key-password-wrong", () => secretFromExport(exported, "another"), "another");
    throwsWith("chain/bad-secret", () => secretFromExport("{}", ""));
    throwsWith("chain/bad-secret", () => secretFromExport("not JSON", ""));
    const ed25519 = exported.replace("sr25519", "ed25519");
    throwsWith("chain/key-unsupported", () => secretFromExport(ed25519, "its password"));
  }));
