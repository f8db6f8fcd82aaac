import { strict as assert } from "node:assert";
import { homedir } from "node:os";
import { join } from "node:path";
import { hotkeyPath, listWallets, walletPathOf } from "../../../../src/chain/wallet/layout.ts";
import { createHotkey, saveHotkey, savePublicKey } from "../../../../src/chain/wallet/wallet.ts";
import { writeKeyFile } from "../../../../src/chain/wallet/write_key_file.ts";
import { inTemporaryDirectory, rejectsWith } from "./wallet_harness.ts";

Deno.test("wallets are where the flag says, else where btwallet's variable says, else where btwallet keeps them", () => {
  assert.equal(walletPathOf("/w", { BT_WALLET_PATH: "/v" }), "/w");
  assert.equal(walletPathOf(undefined, { BT_WALLET_PATH: "~/v/" }), join(homedir(), "v"));
  assert.equal(walletPathOf(undefined, {}), join(homedir(), ".bittensor", "wallets"));
});

Deno.test("a name that leads elsewhere is refused", () => {
  for (const name of ["", ".", "..", "../w", "a/b", "a\\b", ".hidden", " a", "a\0"]) {
    assert.throws(() => hotkeyPath({ walletPath: "/w", wallet: name, hotkey: "h" }), {
      code: "chain/bad-wallet-name",
    });
    assert.throws(() => hotkeyPath({ walletPath: "/w", wallet: "w", hotkey: name }), {
      code: "chain/bad-wallet-name",
    });
  }
  assert.equal(
    hotkeyPath({ walletPath: "/w", wallet: "my wallet", hotkey: "h.1" }),
    "/w/my wallet/hotkeys/h.1",
  );
});

Deno.test("a list tells plain, public, encrypted, damaged and missing keys, and passes over what is no wallet", () =>
  inTemporaryDirectory(async (walletPath) => {
    const [cold, hot, away] = await Promise.all([createHotkey(), createHotkey(), createHotkey()]);
    await saveHotkey(join(walletPath, "one", "hotkeys", "hot"), hot);
    await savePublicKey(join(walletPath, "one", "hotkeys", "hot"), hot);
    await savePublicKey(join(walletPath, "one", "hotkeys", "away"), away);
    await writeKeyFile(join(walletPath, "one", "hotkeys", "broken"), "{");
    await writeKeyFile(join(walletPath, "two", "coldkey"), "$ANSIBLE_VAULT;1.1;AES256\n");
    await savePublicKey(join(walletPath, "two", "coldkey"), cold);
    await Deno.mkdir(join(walletPath, "empty"));
    await Deno.mkdir(join(walletPath, "no name "));
    await Deno.writeTextFile(join(walletPath, "file"), "");
    const told = (await listWallets(walletPath)).map(({ name, coldkey, hotkeys }) => [
      name,
      ...[coldkey, ...hotkeys].map(({ name, form, ss58 }) => [name, form, ss58]),
    ]);
    assert.deepEqual(told, [
      [
        "one",
        ["coldkey", "missing", undefined],
        ["away", "public", away.ss58],
        ["broken", "damaged", undefined],
        ["hot", "plain", hot.ss58],
      ],
      ["two", ["coldkey", "ansible-vault", cold.ss58]],
    ]);
    assert.deepEqual(await listWallets(join(walletPath, "none")), []);
  }));

Deno.test("files are their owner's alone, and of two writers of one name one wins whole", () =>
  inTemporaryDirectory(async (directory) => {
    const path = join(directory, "w", "hotkeys", "h");
    const written = await Promise.allSettled(
      ["a", "b", "c"].map((text) => writeKeyFile(path, text.repeat(10_000))),
    );
    assert.equal(written.filter(({ status }) => status === "fulfilled").length, 1);
    assert.match(await Deno.readTextFile(path), /^(a{10000}|b{10000}|c{10000})$/);
    await rejectsWith("chain/key-exists", writeKeyFile(path, "d"));
    for (
      const [at, mode] of [[path, 0o600], [join(path, ".."), 0o700], [join(path, "..", ".."), 0o700]] as const
    ) {
      assert.equal((await Deno.stat(at)).mode! & 0o777, mode, at);
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(join(path, "..")))).map(({ name }) => name), ["h"]);
  }));
