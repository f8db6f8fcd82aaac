/** Every reading under the types of both recorded runtimes: of a state in which nobody has written, and of answers in their own types. */
import { strict as assert } from "node:assert";
import type { ApiPromise } from "@polkadot/api";
import { toHex } from "../../../src/base/bytes.ts";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { readMetagraph, readWeights } from "../../../src/chain/metagraph.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import { readStakes } from "../../../src/chain/stakes.ts";
import { readHyperparameters, readSubnet, readSubnetCost, readSubnets } from "../../../src/chain/subnets.ts";
import { readLock } from "../../../src/chain/weight_commits.ts";
import { readSubnetRules } from "../../../src/chain/weights_rules.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

const [ALICE, BOB] = ["//Alice", "//Bob"].map((name) => devAccount(name).address);
const RUNTIMES = [[293, metadataSpec293], [393, metadataSpec393]] as const;

/** @param answers of runtime functions, by name @param written storage by key */
function viewOf(
  api: ApiPromise,
  answers: Record<string, unknown> = {},
  written: Record<string, string> = {},
): ChainView {
  const definition = (name: string): { type: string } =>
    Object.values(api.call as any).flatMap((section: any) => Object.values(section))
      .map((each: any) => each.meta).find((meta) => meta.name === name);
  const handlers: Record<string, (params: any[]) => unknown> = {
    state_queryStorageAt: ([keys]) => [{ changes: keys.map((key: string) => [key, written[key] ?? null]) }],
    state_getKeysPaged: ([prefix]) => Object.keys(written).filter((key) => key.startsWith(prefix)),
    state_call: ([name]) => {
      const answer = api.registry.createTypeUnsafe(definition(name).type, [answers[name]]);
      return `0x${toHex(answer.toU8a())}`;
    },
  };
  const request = (method: string, params: unknown[]) => Promise.resolve(handlers[method](params));
  return { api, request, block: { number: 100, hash: "0x" } } as unknown as ChainView;
}

const added = (api: ApiPromise, netuid: number) => ({
  [api.query.subtensorModule.networksAdded.key(netuid)]: "0x01",
});

for (const [spec, metadata] of RUNTIMES) {
  Deno.test(`spec ${spec}: a subnet in which nobody has written anything reads as its defaults`, async () => {
    const api = await offlineApi(metadata(), spec);
    const nowMs = api.registry.createType("u64", Date.UTC(2026, 0));
    const time = { [api.query.timestamp.now.key()]: nowMs.toHex(true) };
    const view = viewOf(api, {}, { ...added(api, 3), ...time });
    const [subnet] = await readSubnets(view);
    assert.deepEqual(subnet, await readSubnet(view, 3));
    assert.deepEqual([subnet.netuid, subnet.name, subnet.neuronCount, subnet.isStarted], [3, "", 0, false]);
    assert.ok(subnet.registrationCost > 0n && subnet.tempo > 0 && subnet.maxNeurons > 0);
    await assert.rejects(readSubnet(view, 4), { code: "chain/subnet-missing" });
    assert.equal((await readWeights(view, 3)).size, 0);
    await assert.rejects(readSubnetRules(view, 3, ALICE), { code: "chain/not-registered" });
    assert.equal(await readLock(view), undefined, "a beacon that was never heard of is none to lock to");
  });

  Deno.test(`spec ${spec}: the runtime's own answers are read by the names of its types`, async () => {
    const api = await offlineApi(metadata(), spec);
    const graph = {
      hotkeys: [ALICE, BOB],
      coldkeys: [BOB, BOB],
      axons: [{ ip: 0x7f000001, port: 9, ipType: 4 }, { ip: 0, port: 0, ipType: 0 }],
      ...{ active: [true, false], validatorPermit: [true, false], lastUpdate: [50, 60] },
      ...{ emission: [7, 8], dividends: [9, 10], incentives: [11, 12], consensus: [13, 14] },
      ...{ trust: [15, 16], rank: [17, 18], totalStake: [10n ** 15n, 5] },
    };
    const stake = {
      hotkey: ALICE,
      coldkey: BOB,
      netuid: 3,
      stake: 10n ** 12n,
      emission: 5,
      isRegistered: true,
    };
    const view = viewOf(api, {
      SubnetInfoRuntimeApi_get_metagraph: graph,
      SubnetInfoRuntimeApi_get_subnet_hyperparams_v2: { tempo: 99, registrationAllowed: true },
      SubnetRegistrationRuntimeApi_get_network_registration_cost: 10n ** 12n,
      StakeInfoRuntimeApi_get_stake_info_for_coldkey: [stake],
    }, added(api, 3));
    const { neurons } = await readMetagraph(view, 3);
    assert.deepEqual(neurons[0], {
      ...{ uid: 0, hotkey: ALICE, coldkey: BOB, commitment: null, axon: { ip: "127.0.0.1", port: 9 } },
      ...{ hasValidatorPermit: true, isActive: true, lastUpdateBlock: 50, stake: 10n ** 15n, emission: 7n },
      ...{ dividends: 9, incentive: 11, consensus: 13, trust: 15, rank: 17, validatorTrust: 0 },
    });
    assert.deepEqual([neurons[1].hotkey, neurons[1].axon, neurons[1].isActive], [BOB, null, false]);
    assert.equal(await readSubnetCost(view), 10n ** 12n);
    const hyperparameters = await readHyperparameters(view, 3);
    assert.deepEqual([hyperparameters.get("tempo"), hyperparameters.get("registration_allowed")], [
      99n,
      true,
    ]);
    const [found] = await readStakes(view, BOB);
    assert.deepEqual([found.netuid, found.hotkey, found.amount, found.isRegistered], [
      3,
      ALICE,
      10n ** 12n,
      true,
    ]);
    const none = viewOf(api, { SubnetInfoRuntimeApi_get_metagraph: null });
    await assert.rejects(readMetagraph(none, 9), { code: "chain/subnet-missing" });
  });
}
