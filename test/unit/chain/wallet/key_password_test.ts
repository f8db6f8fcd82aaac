import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../../src/base/errors.ts";
import {
  judgePassword,
  passwordInEnvironment,
  passwordVariableOf,
  scramble,
} from "../../../../src/chain/wallet/key_password.ts";
import { loadHotkey } from "../../../../src/chain/wallet/wallet.ts";
import { inTemporaryDirectory, rejectsWith } from "./wallet_harness.ts";

const PATH = "/srv/.bittensor/wallets/a/coldkey";
const VARIABLE = "BT_PW__SRV__BITTENSOR_WALLETS_A_COLDKEY";

Deno.test("the variable is named and filled as btwallet 4.1.1 does", () => {
  assert.equal(passwordVariableOf(PATH), VARIABLE);
  assert.equal(scramble("secret pw", VARIABLE), "MTE8IjIrfyMl");
  assert.deepEqual(passwordInEnvironment(PATH, { [VARIABLE]: "MTE8IjIrfyMl" }), {
    password: "secret pw",
    variable: VARIABLE,
  });
});

Deno.test("btwallet's variable comes before ours; an empty one is none; a line's end is no part of a password", () => {
  const ours = { SKEIN_WALLET_PASSWORD: "of all keys\n" };
  assert.equal(passwordInEnvironment(PATH, { ...ours, [VARIABLE]: "MTE8IjIrfyMl" })?.password, "secret pw");
  assert.equal(passwordInEnvironment(PATH, { ...ours, [VARIABLE]: "" })?.password, "of all keys");
  assert.equal(passwordInEnvironment(PATH, {}), undefined);
  assert.throws(
    () => passwordInEnvironment(PATH, { [VARIABLE]: "in plain text!" }),
    (error) => isSkeinError(error, "chain/key-password-wrong") && !error.message.includes("plain text"),
  );
});

Deno.test("a password that btwallet would refuse is refused, one that is easy to guess is warned of", () => {
  for (const short of ["", "12345", "ééééé"]) {
    assert.throws(() => judgePassword(short), (error) => isSkeinError(error, "chain/weak-password"));
  }
  for (const weak of ["123456", "password", "aaaaaaaaaaaaaaaa", "123412341234"]) {
    assert.ok(judgePassword(weak), weak);
  }
  for (const good of ["correct horse battery staple", "a Throwaway passw0rd"]) {
    assert.equal(judgePassword(good), undefined, good);
  }
});

Deno.test("an encrypted key without a password and without a terminal says which variables to set", () =>
  inTemporaryDirectory(async (directory) => {
    const path = `${directory}/coldkey`;
    await Deno.writeTextFile(path, `$NACL${"x".repeat(100)}`);
    const { message } = await rejectsWith("chain/key-encrypted", loadHotkey(path, { environment: {} }));
    assert.ok(
      message.includes("SKEIN_WALLET_PASSWORD") && message.includes(passwordVariableOf(path)),
      message,
    );
  }));
