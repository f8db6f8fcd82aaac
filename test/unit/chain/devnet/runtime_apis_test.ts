import assert from "node:assert/strict";
import type { ApiPromise } from "@polkadot/api";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { RUNTIME_APIS } from "../../../../src/chain/devnet/runtime/runtime_apis.ts";
import { RUNTIME_VERSION } from "../../../../src/chain/devnet/runtime/version.ts";
import { decodeValue, encodeValue } from "../../../../src/chain/scale/scale_type.ts";
import { recordedSession } from "../recorded.ts";
import { alice, devnetTest, keyring, NETUID, send } from "./devnet_harness.ts";

const methods = new Map(
  RUNTIME_APIS.flatMap(({ name, methods }) => methods.map((method) => [`${name}_${method.name}`, method])),
);

/** Recorded calls of runtime APIs with their answers. */
function recordedCalls(): { name: string; inputs: string; answer: string }[] {
  const asked = new Map<number, string[]>();
  return recordedSession().flatMap(({ d, m }) => {
    if (d === ">" && m.method === "state_call") asked.set(m.id, m.params);
    const params = d === "<" ? asked.get(m.id) : undefined;
    return params ? [{ name: params[0], inputs: params[1], answer: m.result }] : [];
  });
}

Deno.test("recorded answers of runtime APIs are decoded by our types and encoded again to the same bytes", () => {
  const seen = new Set<string>();
  for (const { name, answer } of recordedCalls()) {
    const { output } = methods.get(name)!;
    assert.equal(toHex(encodeValue(output, decodeValue(output, fromHex(answer)))), answer.slice(2), name);
    seen.add(name);
  }
  assert.deepEqual([...seen].sort(), [
    "AccountNonceApi_account_nonce",
    "Metadata_metadata_at_version",
    "Metadata_metadata_versions",
    "NeuronInfoRuntimeApi_get_neurons_lite",
    "SubnetInfoRuntimeApi_get_metagraph",
    "SubnetInfoRuntimeApi_get_selective_metagraph",
  ]);
});

Deno.test("the version names each runtime API with the recorded version, and none that is not there", () => {
  assert.equal(RUNTIME_VERSION.apis.length, RUNTIME_APIS.length);
  const asked = recordedSession().find(({ d, m }) => d === ">" && m.method === "state_getRuntimeVersion");
  const answer = recordedSession().find(({ d, m }) => d === "<" && m.id === asked!.m.id);
  const recorded = new Map(answer!.m.result.apis);
  for (const [id, version] of RUNTIME_VERSION.apis) assert.equal(recorded.get(`0x${toHex(id)}`), version);
});

/** Two neurons, one with an axon, weights set by the first. */
async function populate(api: ApiPromise) {
  const { burnedRegister, serveAxon, setWeights } = api.tx.subtensorModule;
  const [validator, miner] = ["//validator", "//miner"].map((uri) => keyring.addFromUri(uri));
  await send(api, burnedRegister(NETUID, validator.address), alice());
  await send(api, burnedRegister(NETUID, miner.address), alice());
  await send(api, serveAxon(NETUID, 3, 0x01020304, 9000, 4, 4, 0, 0), miner);
  return { validator, miner, weighed: await send(api, setWeights(NETUID, [1], [65535], 0), validator) };
}

devnetTest("neurons and subnets are told by runtime APIs as they stand in the state", async (_, api) => {
  const { validator, miner, weighed } = await populate(api);
  const { neuronInfoRuntimeApi, subnetInfoRuntimeApi } = api.call as any;
  const neurons = (await neuronInfoRuntimeApi.getNeurons(NETUID)).toJSON();
  assert.deepEqual(neurons.map((each: any) => [each.uid, each.hotkey, each.coldkey, each.netuid]), [
    [0, validator.address, alice().address, NETUID],
    [1, miner.address, alice().address, NETUID],
  ]);
  assert.deepEqual(neurons[1].axonInfo.port, 9000);
  assert.equal(neurons[0].axonInfo.port, 0);
  if (weighed.error === undefined) assert.deepEqual(neurons[0].weights, [[1, 65535]]);
  const lite = (await neuronInfoRuntimeApi.getNeuronLite(NETUID, 1)).toJSON();
  assert.equal(lite.hotkey, miner.address);
  assert.equal((await neuronInfoRuntimeApi.getNeuron(NETUID, 2)).isNone, true);
  assert.deepEqual((await neuronInfoRuntimeApi.getNeuronsLite(99)).toJSON(), []);

  const metagraph = (await subnetInfoRuntimeApi.getMetagraph(NETUID)).toJSON();
  const { subtensorModule } = api.query;
  assert.deepEqual(metagraph.hotkeys, [validator.address, miner.address]);
  assert.deepEqual(metagraph.axons[1].ip, 0x01020304);
  assert.equal(metagraph.numUids, 2);
  assert.equal(metagraph.tempo, Number((await subtensorModule.tempo(NETUID)).toString()));
  assert.deepEqual(metagraph.lastUpdate, (await subtensorModule.lastUpdate(NETUID)).toJSON());
  const selected = (await subnetInfoRuntimeApi.getSelectiveMetagraph(NETUID, [0, 3, 52, 999])).toJSON();
  assert.deepEqual([selected.netuid, selected.hotkeys, selected.coldkeys], [
    NETUID,
    metagraph.hotkeys,
    null,
  ]);
  assert.equal((await subnetInfoRuntimeApi.getMetagraph(99)).isNone, true);
});

devnetTest("every form in which clients ask for subnets is answered", async (_, api) => {
  await populate(api);
  const subnets = api.call.subnetInfoRuntimeApi as any;
  for (const form of ["getSubnetInfo", "getSubnetInfoV2", "getDynamicInfo", "getSubnetState"]) {
    assert.equal((await subnets[form](NETUID)).toJSON().netuid, NETUID, form);
    assert.equal((await subnets[form](99)).isNone, true, form);
  }
  for (const form of ["getSubnetsInfo", "getSubnetsInfoV2", "getAllDynamicInfo", "getAllMetagraphs"]) {
    const netuids = (await subnets[form]()).toJSON().map(({ netuid }: any) => netuid);
    assert.ok(netuids.includes(NETUID), form);
  }
  const parameters = (await subnets.getSubnetHyperparams(NETUID)).toJSON();
  const more = (await subnets.getSubnetHyperparamsV2(NETUID)).toJSON();
  assert.deepEqual([parameters.kappa, parameters.alphaLow, parameters.alphaHigh], [32767, 45875, 58982]);
  assert.deepEqual([more.kappa, more.yumaVersion, more.alphaSigmoidSteepness], [32767, 2, {
    bits: 1000 * 2 ** 32,
  }]);
  const state = (await subnets.getSubnetState(NETUID)).toJSON();
  assert.equal(state.totalStake.length, 2);
  assert.equal(state.emissionHistory.at(-1).length, 2);
});

devnetTest("who has no stake is told so", async (_, api) => {
  const { stakeInfoRuntimeApi, delegateInfoRuntimeApi } = api.call as any;
  const nobody = keyring.addFromUri("//nobody").address;
  assert.deepEqual((await stakeInfoRuntimeApi.getStakeInfoForColdkey(nobody)).toJSON(), []);
  assert.deepEqual((await stakeInfoRuntimeApi.getStakeInfoForColdkeys([nobody])).toJSON(), [[nobody, []]]);
  const none = await stakeInfoRuntimeApi.getStakeInfoForHotkeyColdkeyNetuid(nobody, nobody, NETUID);
  assert.deepEqual([none.toJSON().stake, none.toJSON().isRegistered], [0, false]);
  assert.equal((await delegateInfoRuntimeApi.getDelegate(nobody)).isNone, true);
  assert.deepEqual((await delegateInfoRuntimeApi.getDelegated(nobody)).toJSON(), []);
});

devnetTest("what a subnet costs is told before it is founded", async (_, api) => {
  const cost = await (api.call as any).subnetRegistrationRuntimeApi.getNetworkRegistrationCost();
  const { networkMinLockCost, subnetLocked, totalNetworks } = api.query.subtensorModule;
  assert.ok(cost.toBigInt() >= (await networkMinLockCost() as any).toBigInt());
  const netuid = (await totalNetworks() as any).toNumber();
  const hotkey = keyring.addFromUri("//founder").address;
  const founded = await send(api, api.tx.subtensorModule.registerNetwork(hotkey), alice());
  assert.equal(founded.error, undefined);
  const locked = (await subnetLocked(netuid) as any).toBigInt();
  assert.ok(locked > 0n && locked <= cost.toBigInt(), `${locked} of ${cost}`);
});
