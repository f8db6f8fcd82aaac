import assert from "node:assert/strict";
import { alice, devnetTest, freeRao, keyring, send, TAO } from "./devnet_harness.ts";

const bob = keyring.addFromUri("//Bob");
const fresh = keyring.addFromUri("//fresh").address;

devnetTest("the key's owner acts as anybody, and nobody else does", async (_, api) => {
  const { sudo, balances } = api.tx;
  const pay = sudo.sudoAs(bob.address, balances.transferKeepAlive(fresh, TAO));
  assert.equal((await send(api, pay, bob)).error, "sudo.RequireSudo");
  const done = await send(api, pay, alice());
  assert.deepEqual(done.events.slice(-2), ["sudo.SudoAsDone", "system.ExtrinsicSuccess"]);
  assert.equal(await freeRao(api, fresh), TAO);
});

devnetTest(
  "the chain itself has no account and sets no time: the event tells the failure",
  async (_, api) => {
    const { sudo, balances, system, timestamp, utility } = api.tx;
    const outcomes = [
      [balances.transferKeepAlive(fresh, TAO), { err: { badOrigin: null } }],
      [timestamp.set(1), { err: { badOrigin: null } }],
      [utility.batchAll([system.remark("0x00"), timestamp.set(1)]), { err: { badOrigin: null } }],
      [utility.batchAll([system.remark("0x00")]), { ok: null }],
    ] as const;
    for (const [call, outcome] of outcomes) {
      const { blockHash, error } = await send(api, sudo.sudo(call), alice());
      assert.equal(error, undefined);
      const events = await (await api.at(blockHash)).query.system.events() as any;
      const { event } = events.find(({ event }: any) => event.method === "Sudid");
      assert.deepEqual(event.data.toJSON(), [outcome]);
    }
  },
);

devnetTest("the key can be handed on and given up", async (_, api) => {
  const { sudo, system } = api.tx;
  assert.equal((await send(api, sudo.setKey(bob.address), alice())).error, undefined);
  assert.equal((await api.query.sudo.key()).toString(), bob.address);
  assert.equal((await send(api, sudo.removeKey(), bob)).error, undefined);
  assert.equal((await send(api, sudo.sudo(system.remark("0x00")), bob)).error, "sudo.RequireSudo");
});
