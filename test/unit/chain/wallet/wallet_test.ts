import { strict as assert } from "node:assert";
import { join } from "node:path";
import { toHex, utf8 } from "../../../../src/base/bytes.ts";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { toPrivateKey } from "../../../../src/chain/sr25519.ts";
import {
  coldkeyPath,
  createHotkey,
  cryptoReady,
  devAccount,
  hotkeyFromPhrase,
  hotkeyPath,
  loadHotkey,
  loadOrCreateColdkey,
  saveHotkey,
  verifySignature,
} from "../../../../src/chain/wallet/wallet.ts";
import {
  DEV_PHRASE,
  DEV_PUBLIC_KEY,
  DEV_SEED,
  DEV_SS58,
  inTemporaryDirectory,
  rejectsWith,
} from "./wallet_harness.ts";

Deno.test("a new hotkey survives being saved and loaded, in the layout and with the mode of bittensor", () =>
  inTemporaryDirectory(async (walletPath) => {
    const path = hotkeyPath({ walletPath, wallet: "w", hotkey: "h" });
    assert.equal(path, join(walletPath, "w", "hotkeys", "h"));
    const created = await createHotkey();
    await saveHotkey(path, created);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const loaded = await loadHotkey(path);
    assert.equal(loaded.ss58, created.ss58);
    const message = utf8("message");
    assert.ok(verifySignature(created.ss58, message, loaded.sign(message)));
    const fields = Object.keys(JSON.parse(await Deno.readTextFile(path)));
    assert.deepEqual(fields, [
      "accountId",
      "publicKey",
      "privateKey",
      "secretPhrase",
      "secretSeed",
      "ss58Address",
    ]);
  }));

Deno.test("a key file is never overwritten", () =>
  inTemporaryDirectory(async (directory) => {
    const path = join(directory, "h");
    const created = await createHotkey();
    await saveHotkey(path, created);
    await rejectsWith("chain/key-exists", saveHotkey(path, await createHotkey()));
    assert.equal((await loadHotkey(path)).ss58, created.ss58);
  }));

Deno.test("the published development phrase gives the published account", () =>
  inTemporaryDirectory(async (directory) => {
    await cryptoReady();
    const pair = hotkeyFromPhrase(DEV_PHRASE);
    assert.equal(pair.ss58, DEV_SS58);
    const path = join(directory, "h");
    await saveHotkey(path, pair);
    const file = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual([file.secretSeed, file.publicKey], [DEV_SEED, DEV_PUBLIC_KEY]);
    assert.equal(devAccount("//Alice").address, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
  }));

Deno.test("the private key is written as schnorrkel spells it, not multiplied by the cofactor", async () => {
  await cryptoReady();
  // //Alice: polkadot-js' PKCS8 form on the left, the one that subkey and btwallet show on the right.
  const secretKey = Uint8Array.fromHex(
    "98319d4ff8a9508c4bb0cf0b5a78d760a0b2082c02775e6e82370816fedfff48" +
      "925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011",
  );
  assert.equal(
    toHex(toPrivateKey(secretKey)),
    "33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09" +
      "925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011",
  );
});

Deno.test("a file with any one of seed, phrase, or private and public key is enough", () =>
  inTemporaryDirectory(async (directory) => {
    await cryptoReady();
    const whole = join(directory, "whole");
    await saveHotkey(whole, hotkeyFromPhrase(DEV_PHRASE));
    const file = JSON.parse(await Deno.readTextFile(whole));
    const parts = [["secretSeed"], ["secretPhrase"], ["privateKey", "publicKey"]];
    for (const fields of parts) {
      const path = join(directory, fields.join("-"));
      await Deno.writeTextFile(path, JSON.stringify(Object.fromEntries(fields.map((f) => [f, file[f]]))));
      const pair = await loadHotkey(path);
      assert.equal(pair.ss58, DEV_SS58, fields.join());
      assert.ok(verifySignature(DEV_SS58, utf8("m"), pair.sign(utf8("m"))), fields.join());
    }
  }));

Deno.test("missing, damaged and encrypted key files are told apart, and errors quote no secret", () =>
  inTemporaryDirectory(async (directory) => {
    await rejectsWith("chain/key-missing", loadHotkey(join(directory, "none")));
    const cases: [string, string][] = [
      ["chain/key-encrypted", `$NACL${"\x01".repeat(80)}`],
      ["chain/key-damaged", "$NACL\x01\x02"],
      ["chain/key-encrypted", "$ANSIBLE_VAULT;1.1;AES256\n"],
      ["chain/key-encrypted", "gAAAAABk"],
      ["chain/key-unsupported", `{"secretSeed":"${DEV_SEED}","cryptoType":0}`],
      ["chain/key-damaged", ""],
      ["chain/key-damaged", "{}"],
      ["chain/key-damaged", "null"],
      ["chain/key-damaged", `{"secretSeed":"${DEV_SEED.slice(0, -2)}"}`],
      ["chain/key-damaged", `{"secretPhrase":"${DEV_PHRASE} walk"}`],
      ["chain/key-damaged", `{"secretSeed":"${DEV_SEED}","ss58Address":"nonsense"}`],
      ["chain/key-damaged", `{"secretSeed":"${DEV_SEED}","publicKey":"0x${"00".repeat(32)}"}`],
    ];
    for (const [i, [code, text]] of cases.entries()) {
      const path = join(directory, String(i));
      await Deno.writeTextFile(path, text);
      const error: Error = await loadHotkey(path).then(() => assert.fail(text), (error) => error);
      assert.ok(isSkeinError(error, code), `${text}: ${error.message}`);
      assert.ok(!error.message.includes("bottom") && !error.message.includes(DEV_SEED.slice(2, 12)));
    }
  }));

Deno.test("a hotkey printed or turned into JSON shows no secret", async () => {
  await cryptoReady();
  const pair = hotkeyFromPhrase(DEV_PHRASE);
  const shown = Deno.inspect(pair, { depth: 10 }) + JSON.stringify(pair);
  assert.ok(!shown.includes("bottom") && !shown.includes(DEV_SEED.slice(2)));
});

Deno.test("a wallet's coldkey is made once, with its public file", () =>
  inTemporaryDirectory(async (walletPath) => {
    const at = { walletPath, wallet: "default" };
    const created = await loadOrCreateColdkey(at);
    assert.equal((await loadOrCreateColdkey(at)).ss58, created.ss58);
    const publicFile = JSON.parse(await Deno.readTextFile(`${coldkeyPath(at)}pub.txt`));
    assert.deepEqual(Object.keys(publicFile), ["accountId", "publicKey", "ss58Address"]);
  }));

Deno.test("verifySignature is false on forgeries and on nonsense", async () => {
  const pair = await createHotkey();
  const other = await createHotkey();
  const message = utf8("message");
  const signature = pair.sign(message);
  assert.ok(verifySignature(pair.ss58, message, signature));
  assert.ok(!verifySignature(other.ss58, message, signature));
  assert.ok(!verifySignature(pair.ss58, utf8("massage"), signature));
  assert.ok(!verifySignature(pair.ss58, message, signature.slice(1)));
  assert.ok(!verifySignature(pair.ss58, message, new Uint8Array(64)));
  assert.ok(!verifySignature("nonsense", message, signature));
  assert.ok(!verifySignature("", message, new Uint8Array(0)));
});
