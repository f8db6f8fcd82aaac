import { strict as assert } from "node:assert";
import { childEnvironment } from "../../../src/node/child_environment.ts";

Deno.test("a child gets our environment without the secrets of wallets", () => {
  const own = {
    PATH: "/usr/bin",
    SKEIN_HOME: "/data",
    BT_WALLET_PATH: "/wallets",
    SKEIN_WALLET_PASSWORD: "one",
    SKEIN_WALLET_MNEMONIC: "two",
    SKEIN_WALLET_SEED: "three",
    SKEIN_EXPORT_PASSWORD: "four",
    BT_PW__HOME_ME_COLDKEY: "five",
  };
  assert.deepEqual(childEnvironment(own), {
    PATH: "/usr/bin",
    SKEIN_HOME: "/data",
    BT_WALLET_PATH: "/wallets",
  });
});
