/**
 * Files made by btwallet 4.1.1 (test/fixtures/wallets/make_wallets.py, which says what each is) open and sign here. What they
 * are by their published format: `$NACL`, 24 bytes of nonce, a secretbox under Argon2i of the password; in it, and bare in the
 * others, a JSON object of 0x hex strings.
 */
import { strict as assert } from "node:assert";
import { fromUtf8, utf8 } from "../../../../src/base/bytes.ts";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { formatKeyFile } from "../../../../src/chain/wallet/key_file.ts";
import { passwordVariableOf, scramble } from "../../../../src/chain/wallet/key_password.ts";
import { describeWallet } from "../../../../src/chain/wallet/layout.ts";
import { boxKeyOf, computeBoxKey } from "../../../../src/chain/wallet/box_key.ts";
import { formOf, openBox, sealBox } from "../../../../src/chain/wallet/sealed_key.ts";
import { loadHotkey, secretOf, verifySignature } from "../../../../src/chain/wallet/wallet.ts";
import { DEV_PHRASE, DEV_SEED, DEV_SS58 } from "./wallet_harness.ts";

const FOLDER = new URL("../../../fixtures/wallets/", import.meta.url).pathname;
const WALLET = `${FOLDER}throwaway`;
const PASSWORD = "a Throwaway passw0rd";
const MESSAGE = utf8("signed by btwallet");
const signatures: Record<string, { ss58: string; signature: string }> = JSON.parse(
  Deno.readTextFileSync(`${FOLDER}signatures.json`),
);

async function signsAsBtwallet(name: string, path: string): Promise<void> {
  const key = await loadHotkey(path);
  const { ss58, signature } = signatures[name];
  assert.equal(key.ss58, ss58);
  assert.ok(verifySignature(key.ss58, MESSAGE, Uint8Array.fromHex(signature)), "theirs verifies");
  assert.ok(verifySignature(ss58, MESSAGE, key.sign(MESSAGE)), "ours verifies");
}

for (const name of ["plain", "text_seed", "private_key"]) {
  Deno.test(`btwallet's hotkey ${name} loads and signs for the same account`, () =>
    signsAsBtwallet(name, `${WALLET}/hotkeys/${name}`));
}

Deno.test("btwallet's encrypted coldkey opens with the password in the variable that btwallet would use", async () => {
  const path = `${WALLET}/coldkey`;
  const variable = passwordVariableOf(path);
  const told: string[] = [];
  const environment = { [variable]: scramble(PASSWORD, variable), SKEIN_WALLET_PASSWORD: "another" };
  const key = await loadHotkey(path, { environment, notify: (message) => told.push(message) });
  assert.equal(key.ss58, DEV_SS58);
  assert.equal(secretOf(key).phrase, DEV_PHRASE);
  assert.ok(verifySignature(DEV_SS58, MESSAGE, Uint8Array.fromHex(signatures.coldkey.signature)));
  assert.ok(told.some((line) => line.includes("seconds")) && !told.join().includes(PASSWORD));
});

Deno.test("while a password is turned into a key this thread goes on, and the result is the same as its own", async () => {
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 20);
  const key = await boxKeyOf(PASSWORD);
  const during = ticks;
  const here = await computeBoxKey(PASSWORD);
  clearInterval(ticking);
  assert.deepEqual(here, { key });
  assert.ok(during > 10, `${during} ticks`);
  assert.ok(ticks - during < during / 2, "which it does not when it computes by itself");
});

Deno.test("a wrong password and each kind of damage are told apart", async () => {
  const bytes = await Deno.readFile(`${WALLET}/coldkey`);
  const key = await boxKeyOf(PASSWORD);
  const codeOf = (file: Uint8Array, boxKey = key) => {
    try {
      openBox(file, boxKey, "k");
      return "opened";
    } catch (error) {
      assert.ok(isSkeinError(error));
      assert.ok(!error.message.includes("bottom") && !error.message.includes(PASSWORD));
      return error.code;
    }
  };
  assert.equal(codeOf(bytes), "opened");
  for (const at of [29, 44, 45, 46, 200, bytes.length - 1]) { // tag, first characters, middle, end
    const flipped = bytes.slice();
    flipped[at] ^= 0x81;
    assert.equal(codeOf(flipped), "chain/key-damaged", `byte ${at}`);
  }
  for (const length of [5, 20, 46, 47, 100, bytes.length - 1]) {
    assert.equal(codeOf(bytes.slice(0, length)), "chain/key-damaged", `${length} bytes`);
  }
  for (let wrong = 0; wrong < 256; wrong++) {
    const other = key.slice();
    other[wrong % 32] ^= 1 + wrong;
    if (wrong === 255) continue; // flips nothing
    assert.equal(codeOf(bytes, other), "chain/key-password-wrong");
  }
  const json = openBox(bytes, key, "k");
  assert.equal(JSON.parse(fromUtf8(json)).secretSeed, DEV_SEED);
  const ours = sealBox(json, key, new Uint8Array(24));
  assert.equal(formOf(ours), "sealed");
  assert.equal(ours.length, bytes.length);
  assert.deepEqual(openBox(ours, key, "k"), json);
});

Deno.test("our key file has btwallet's fields and values, but for the one that older btwallets refuse", async () => {
  const path = `${WALLET}/hotkeys/plain`;
  const theirs = JSON.parse(await Deno.readTextFile(path));
  delete theirs.cryptoType;
  assert.deepEqual(JSON.parse(formatKeyFile(secretOf(await loadHotkey(path)))), theirs);
});

Deno.test("a wallet made by btwallet is described without a password", async () => {
  const wallet = await describeWallet({ walletPath: FOLDER, wallet: "throwaway" });
  assert.deepEqual([wallet.coldkey.form, wallet.coldkey.ss58], ["sealed", DEV_SS58]);
  assert.deepEqual(
    wallet.hotkeys.map(({ name, form, ss58 }) => [name, form, ss58]),
    ["plain", "private_key", "text_seed"].map((name) => [name, "plain", signatures[name].ss58]),
  );
});
