import assert from "node:assert/strict";
import { encodeDerivedAddress } from "@polkadot/util-crypto";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { runtimeCall } from "../../../../src/chain/devnet/runtime/runtime.ts";
import { decodeValue, encodeValue } from "../../../../src/chain/scale/scale_type.ts";
import { alice, devnetTest, freeRao, keyring, send, TAO } from "./devnet_harness.ts";

const bob = keyring.addFromUri("//nobody//yet").address;

devnetTest(
  "a batch keeps what came before the call that fails, and says which one failed",
  async (_, api) => {
    const { balances, utility } = api.tx;
    const calls = [
      balances.transferKeepAlive(bob, TAO),
      balances.transferKeepAlive(bob, 10n ** 16n),
      balances.transferKeepAlive(bob, TAO),
    ];
    const { events, error } = await send(api, utility.batch(calls), alice());
    assert.equal(error, undefined);
    assert.deepEqual(events.filter((name) => /utility|Success/.test(name)), [
      "utility.ItemCompleted",
      "utility.BatchInterrupted",
      "system.ExtrinsicSuccess",
    ]);
    assert.equal(await freeRao(api, bob), TAO);
    const whole = await send(api, utility.batch([calls[0], calls[2]]), alice());
    assert.ok(whole.events.includes("utility.BatchCompleted"));
    assert.equal(await freeRao(api, bob), 3n * TAO);
  },
);

devnetTest("batch_all does everything or nothing, and holds no other of its kind", async (_, api) => {
  const { balances, utility, system } = api.tx;
  const pay = balances.transferKeepAlive(bob, TAO);
  const failed = await send(
    api,
    utility.batchAll([pay, balances.transferKeepAlive(bob, 10n ** 16n)]),
    alice(),
  );
  assert.equal(failed.error, '{"token":"FundsUnavailable"}');
  assert.equal(await freeRao(api, bob), 0n);
  const nested = await send(api, utility.batchAll([utility.batchAll([pay])]), alice());
  assert.equal(nested.error, "system.CallFiltered");
  const done = await send(api, utility.batchAll([pay, utility.batch([system.remark("0x00"), pay])]), alice());
  assert.equal(done.error, undefined);
  assert.equal(await freeRao(api, bob), 2n * TAO);
});

devnetTest("force_batch goes on behind a failure", async (_, api) => {
  const { balances, utility } = api.tx;
  const calls = [balances.transferKeepAlive(bob, 10n ** 16n), balances.transferKeepAlive(bob, TAO)];
  const { events, error } = await send(api, utility.forceBatch(calls), alice());
  assert.equal(error, undefined);
  assert.deepEqual(events.filter((name) => name.startsWith("utility")), [
    "utility.ItemFailed",
    "utility.ItemCompleted",
    "utility.BatchCompletedWithErrors",
  ]);
  assert.equal(await freeRao(api, bob), TAO);
});

devnetTest(
  "a derived account spends what it was sent, under the address that clients compute",
  async (_, api) => {
    const { balances, utility } = api.tx;
    const derived = encodeDerivedAddress(alice().address, 7, 42);
    await send(api, balances.transferKeepAlive(derived, 3n * TAO), alice());
    const spend = utility.asDerivative(7, balances.transferKeepAlive(bob, TAO));
    assert.equal((await send(api, spend, alice())).error, undefined);
    assert.deepEqual([await freeRao(api, bob), await freeRao(api, derived)], [TAO, 2n * TAO]);
  },
);

Deno.test("calls nested without end are refused before they exhaust the stack", () => {
  const deep = `0x${"0b0004".repeat(200_000)}`;
  assert.throws(() => decodeValue(runtimeCall, fromHex(deep)), /nested deeper than 64/);
  let call = { name: "System", value: { name: "remark", value: { remark: Uint8Array.of(1) } } } as any;
  for (let i = 0; i < 60; i++) call = { name: "Utility", value: { name: "batch", value: { calls: [call] } } };
  const encoded = encodeValue(runtimeCall, call);
  assert.equal(toHex(encodeValue(runtimeCall, decodeValue(runtimeCall, encoded))), toHex(encoded));
});
