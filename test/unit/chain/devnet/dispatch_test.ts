import assert from "node:assert/strict";
import type { ApiPromise } from "@polkadot/api";
import { alice, devnetTest, freeRao, keyring, NETUID, permit, send, TAO } from "./devnet_harness.ts";

const hotkey = () => keyring.addFromUri("//hotkey");
const stranger = () => keyring.addFromUri("//stranger");

async function errorOf(
  api: ApiPromise,
  ...[call, signer]: Parameters<typeof send> extends [any, ...infer R] ? R : never
) {
  const { error, events } = await send(api, call, signer);
  assert.deepEqual(events, error ? ["system.ExtrinsicFailed"] : events);
  return error;
}

devnetTest("a bad registration fails with subtensor's error and changes nothing", async (_, api) => {
  const { burnedRegister } = api.tx.subtensorModule;
  const address = hotkey().address;
  const before = await freeRao(api, alice().address);
  assert.equal(
    await errorOf(api, burnedRegister(0, address), alice()),
    "subtensorModule.RegistrationNotPermittedOnRootSubnet",
  );
  assert.equal(
    await errorOf(api, burnedRegister(9, address), alice()),
    "subtensorModule.SubNetworkDoesNotExist",
  );
  assert.equal(
    await errorOf(api, burnedRegister(NETUID, address), stranger()),
    "subtensorModule.NotEnoughBalanceToStake",
  );
  assert.equal(await freeRao(api, alice().address), before);
  assert.equal((await api.query.subtensorModule.subnetworkN(NETUID)).toString(), "0");
  assert.equal(await errorOf(api, burnedRegister(NETUID, address), alice()), undefined);
  assert.equal(
    await errorOf(api, burnedRegister(NETUID, address), alice()),
    "subtensorModule.HotKeyAlreadyRegisteredInSubNet",
  );
});

devnetTest("bad weights fail with subtensor's error and leave the last ones", async (_, api) => {
  const { burnedRegister, setWeights } = api.tx.subtensorModule;
  await send(api, burnedRegister(NETUID, hotkey().address), alice());
  await send(api, burnedRegister(NETUID, keyring.addFromUri("//other").address), alice());
  const early = await errorOf(api, setWeights(NETUID, [0, 1], [3, 1], 0), hotkey());
  assert.equal(early, "subtensorModule.NeuronNoValidatorPermit");
  await permit(api, hotkey());
  assert.equal(await errorOf(api, setWeights(NETUID, [0, 1], [3, 1], 0), hotkey()), undefined);
  const cases: [string, number[], number[]][] = [
    ["WeightVecNotEqualSize", [0, 1], [1]],
    ["UidsLengthExceedUidsInSubNet", [0, 1, 2], [1, 1, 1]],
    ["DuplicateUids", [1, 1], [1, 1]],
    ["UidVecContainInvalidOne", [0, 2], [1, 1]],
  ];
  for (const [error, uids, weights] of cases) {
    const call = setWeights(NETUID, uids, weights, 0);
    assert.equal(await errorOf(api, call, hotkey()), `subtensorModule.${error}`);
  }
  const unregistered = await errorOf(api, setWeights(NETUID, [0], [1], 0), stranger());
  assert.equal(unregistered, "subtensorModule.HotKeyNotRegisteredInSubNet");
  assert.deepEqual((await api.query.subtensorModule.weights(NETUID, 0)).toJSON(), [[0, 65535], [1, 21845]]);
});

devnetTest("who is not registered can publish neither axon nor commitment", async (_, api) => {
  const axon = api.tx.subtensorModule.serveAxon(NETUID, 1, 0x01020304, 1, 4, 0, 0, 0);
  assert.equal(await errorOf(api, axon, stranger()), "subtensorModule.HotKeyNotRegisteredInNetwork");
  const commitment = api.tx.commitments.setCommitment(NETUID, { fields: [{ Raw1: "0x00" }] });
  assert.equal(await errorOf(api, commitment, stranger()), "commitments.AccountNotAllowedCommit");
});

devnetTest("an axon without a usable address is refused", async (_, api) => {
  const { burnedRegister, serveAxon } = api.tx.subtensorModule;
  await send(api, burnedRegister(NETUID, hotkey().address), alice());
  const cases: [string, number, number, number][] = [
    ["InvalidIpType", 0x01020304, 1, 5],
    ["InvalidIpAddress", 0xffffffff, 1, 4],
    ["InvalidPort", 0x01020304, 0, 4],
  ];
  for (const [error, ip, port, ipType] of cases) {
    const call = serveAxon(NETUID, 1, ip, port, ipType, 0, 0, 0);
    assert.equal(await errorOf(api, call, hotkey()), `subtensorModule.${error}`);
  }
  assert.equal((await api.query.subtensorModule.axons(NETUID, hotkey().address)).toJSON(), null);
});

devnetTest("transfers keep to the existential deposit and to what there is", async (_, api) => {
  const { transferKeepAlive, transferAllowDeath } = api.tx.balances;
  const poor = keyring.addFromUri("//poor");
  const total = async () => (await api.query.balances.totalIssuance() as any).toBigInt();
  const tooLittle = await errorOf(api, transferKeepAlive(poor.address, 499), alice());
  assert.equal(tooLittle, '{"token":"BelowMinimum"}');
  await send(api, transferKeepAlive(poor.address, TAO), alice());
  const before = await total();
  const tooMuch = await errorOf(api, transferKeepAlive(alice().address, 2n * TAO), poor);
  assert.equal(tooMuch, '{"token":"FundsUnavailable"}');
  const fee = (await transferKeepAlive(alice().address, TAO).paymentInfo(poor)).partialFee.toBigInt();
  const nearlyAll = await freeRao(api, poor.address) - fee - 400n;
  const allOfIt = await errorOf(api, transferKeepAlive(alice().address, nearlyAll), poor);
  assert.equal(allOfIt, '{"token":"NotExpendable"}');
  const left = await freeRao(api, poor.address);
  assert.equal(await total(), before - (TAO - left));
  const { partialFee } = await transferAllowDeath(alice().address, TAO).paymentInfo(poor);
  const amountRao = left - partialFee.toBigInt() - 400n;
  const { blockHash, feeRao } = await send(api, transferAllowDeath(alice().address, amountRao), poor);
  assert.equal(feeRao, partialFee.toBigInt());
  const events = await (await api.at(blockHash)).query.system.events() as any;
  const names = events.map(({ event }: any) => event.method);
  assert.deepEqual(names.slice(2, 5), ["DustLost", "KilledAccount", "Transfer"]);
  assert.equal(await freeRao(api, poor.address), 0n);
  assert.equal(await total(), before - (TAO - left) - feeRao - 400n);
});
