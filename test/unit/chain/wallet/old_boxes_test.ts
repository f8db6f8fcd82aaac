/** Key files as the first wallets encrypted them, made by the libraries that they used: test/fixtures/wallets/make_old_files.py. */
import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { Random } from "../../../../src/base/random.ts";
import { openFernet, openVault } from "../../../../src/chain/wallet/old_boxes.ts";
import { loadHotkey, secretOf } from "../../../../src/chain/wallet/wallet.ts";
import { DEV_PHRASE, DEV_SS58 } from "./wallet_harness.ts";

const FOLDER = new URL("../../../fixtures/wallets/old/", import.meta.url).pathname;
const PASSWORD = "a Throwaway passw0rd";

for (const name of ["ansible_vault", "fernet"]) {
  Deno.test(`a coldkey encrypted by ${name} opens with its password`, async () => {
    const environment = { SKEIN_WALLET_PASSWORD: PASSWORD };
    const key = await loadHotkey(`${FOLDER}${name}`, { environment });
    assert.equal(key.ss58, DEV_SS58);
    assert.equal(secretOf(key).phrase, DEV_PHRASE);
  });
}

/** @returns "opened", or the error's code */
async function outcome(open: typeof openVault, bytes: Uint8Array, password = PASSWORD): Promise<string> {
  try {
    await open(bytes, password, "k");
    return "opened";
  } catch (error) {
    assert.ok(isSkeinError(error), String(error));
    assert.ok(!error.message.includes("bottom") && !error.message.includes(password));
    return error.code;
  }
}

Deno.test("a wrong password of an Ansible Vault and damage to it are told apart", async () => {
  const bytes = await Deno.readFile(`${FOLDER}ansible_vault`);
  assert.equal(await outcome(openVault, bytes), "opened");
  assert.equal(await outcome(openVault, bytes, "another"), "chain/key-password-wrong");
  for (const length of [10, 40, 300, bytes.length - 100]) {
    assert.equal(await outcome(openVault, bytes.slice(0, length)), "chain/key-damaged", `${length} bytes`);
  }
  const altered = bytes.slice();
  altered[bytes.length - 200] ^= 1; // a digit of the ciphertext's, another digit
  assert.equal(await outcome(openVault, altered), "chain/key-damaged");
  const odd = bytes.slice();
  odd[bytes.length - 200] = "z".charCodeAt(0);
  assert.equal(await outcome(openVault, odd), "chain/key-damaged");
});

Deno.test("a wrong password of a Fernet token and damage to it are told apart", async () => {
  const bytes = await Deno.readFile(`${FOLDER}fernet`);
  assert.equal(await outcome(openFernet, bytes, "another"), "chain/key-password-wrong");
  for (const length of [10, 60, 99, bytes.length - 4]) {
    assert.equal(await outcome(openFernet, bytes.slice(0, length)), "chain/key-damaged", `${length} bytes`);
  }
  const altered = bytes.slice();
  altered[bytes.length - 10] ^= 1; // of the tag
  assert.equal(await outcome(openFernet, altered), "chain/key-damaged");
});

Deno.test("bytes of strangers that only begin like old key files are called damaged, whatever follows", async () => {
  const heads: readonly [typeof openVault, string][] = [[openVault, "$ANSIBLE_VAULT;1.1;AES256\n"], [
    openFernet,
    "gAAAAA",
  ]];
  const random = new Random(1);
  for (const [open, head] of heads) {
    for (let i = 0; i < 200; i++) {
      const tail = Uint8Array.from({ length: random.nextBelow(120) }, () => 0x20 + random.nextBelow(0x60));
      const code = await outcome(open, Uint8Array.of(...new TextEncoder().encode(head), ...tail));
      assert.equal(code, "chain/key-damaged");
    }
  }
});
