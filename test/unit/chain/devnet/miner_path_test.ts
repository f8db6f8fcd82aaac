import assert from "node:assert/strict";
import { alice, devnetTest, freeRao, keyring, NETUID, send, TAO } from "./devnet_harness.ts";

devnetTest(
  "a fresh miner is funded, registers, publishes and weighs, and reads all of it back",
  async (_, api) => {
    const coldkey = keyring.addFromUri("//fresh//coldkey");
    const hotkey = keyring.addFromUri("//fresh//hotkey");
    const { subtensorModule, commitments, balances } = api.tx;

    const funded = await send(api, balances.transferKeepAlive(coldkey.address, 10n * TAO), alice());
    assert.equal(funded.error, undefined);
    assert.deepEqual(funded.events, [
      "system.NewAccount",
      "balances.Endowed",
      "balances.Transfer",
      "system.ExtrinsicSuccess",
    ]);
    assert.equal(await freeRao(api, coldkey.address), 10n * TAO);

    const registered = await send(api, subtensorModule.burnedRegister(NETUID, hotkey.address), coldkey);
    assert.deepEqual(registered.events, [
      "balances.Withdraw",
      "subtensorModule.RAORecycledForRegistrationSet",
      "subtensorModule.NeuronRegistered",
      "system.ExtrinsicSuccess",
    ]);
    const burn = await api.query.subtensorModule.burn(NETUID);
    assert.equal(await freeRao(api, coldkey.address), 10n * TAO - BigInt(burn.toString()));
    assert.equal((await api.query.subtensorModule.subnetworkN(NETUID)).toString(), "1");
    assert.equal((await api.query.subtensorModule.uids(NETUID, hotkey.address)).toString(), "0");
    assert.equal((await api.query.subtensorModule.keys(NETUID, 0)).toString(), hotkey.address);
    assert.equal((await api.query.subtensorModule.owner(hotkey.address)).toString(), coldkey.address);

    // The hotkey holds no TAO: none of its calls costs any.
    const raw = { Raw5: "0x68656c6c6f" };
    const committed = await send(api, commitments.setCommitment(NETUID, { fields: [raw] }), hotkey);
    assert.deepEqual(committed.events, ["commitments.Commitment", "system.ExtrinsicSuccess"]);
    const commitment = (await api.query.commitments.commitmentOf(NETUID, hotkey.address)).toJSON() as any;
    assert.deepEqual(commitment.info, { fields: [{ raw5: "0x68656c6c6f" }] });
    assert.equal(commitment.deposit, 0);
    assert.ok(commitment.block > 0);

    const served = await send(
      api,
      subtensorModule.serveAxon(NETUID, 7, 0x7f000001, 8091, 4, 4, 0, 0),
      hotkey,
    );
    assert.deepEqual(served.events, ["subtensorModule.AxonServed", "system.ExtrinsicSuccess"]);
    const axon = (await api.query.subtensorModule.axons(NETUID, hotkey.address)).toJSON() as any;
    assert.deepEqual([axon.version, axon.ip, axon.port, axon.ipType], [7, 0x7f000001, 8091, 4]);

    const weighed = await send(api, subtensorModule.setWeights(NETUID, [0], [65535], 0), hotkey);
    assert.deepEqual(weighed.events, ["subtensorModule.WeightsSet", "system.ExtrinsicSuccess"]);
    assert.deepEqual((await api.query.subtensorModule.weights(NETUID, 0)).toJSON(), [[0, 65535]]);
    const lastUpdate = (await api.query.subtensorModule.lastUpdate(NETUID)).toJSON() as number[];
    const header = await api.rpc.chain.getHeader(weighed.blockHash);
    assert.deepEqual(lastUpdate, [header.number.toNumber()]);
  },
);

devnetTest("maps are listed by their keys", async (_, api) => {
  const { subtensorModule } = api.tx;
  const hotkeys = ["//one", "//two", "//three"].map((uri) => keyring.addFromUri(uri));
  for (const hotkey of hotkeys) {
    await send(api, subtensorModule.burnedRegister(NETUID, hotkey.address), alice());
  }
  const uids = await api.query.subtensorModule.uids.entries(NETUID);
  const byKey = Object.fromEntries(
    uids.map(([key, uid]) => [key.args[1].toString(), Number(uid.toString())]),
  );
  assert.deepEqual(byKey, Object.fromEntries(hotkeys.map(({ address }, uid) => [address, uid])));
  const page = await api.query.subtensorModule.keys.keysPaged({ args: [NETUID], pageSize: 2 });
  const rest = await api.query.subtensorModule.keys.keysPaged({
    args: [NETUID],
    pageSize: 2,
    startKey: page.at(-1)!.toHex(),
  });
  assert.deepEqual([page.length, rest.length], [2, 1]);
});
