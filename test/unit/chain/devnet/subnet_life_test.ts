/** A subnet's life as it was recorded on a subtensor chain, up to its neurons' stake, by an unmodified client. */
import assert from "node:assert/strict";
import type { ApiPromise } from "@polkadot/api";
import type { KeyringPair } from "@polkadot/keyring/types";
import { alice, devnetTest, keyring, send, TAO } from "./devnet_harness.ts";

type Call = Parameters<typeof send>[1];

const NETUID = 2;
const founder = keyring.addFromUri("//founder");
const validator = keyring.addFromUri("//validator//coldkey");
const hotkeys = ["//founder//hotkey", "//validator//hotkey"].map((uri) => keyring.addFromUri(uri));

async function done(api: ApiPromise, call: Call, signer: KeyringPair): Promise<string[]> {
  const { error, events } = await send(api, call, signer);
  assert.equal(error, undefined);
  return events;
}

devnetTest("a subnet is founded, opened by the sudo key, started, joined and staked on", async (_, api) => {
  const { subtensorModule: calls, adminUtils: admin, balances, sudo } = api.tx;
  const query = api.query.subtensorModule;
  await done(api, balances.transferKeepAlive(founder.address, 20_000n * TAO), alice());
  await done(api, balances.transferKeepAlive(validator.address, 20_000n * TAO), alice());
  const asRoot = await done(api, sudo.sudo(admin.sudoSetNetworkRateLimit(0)), alice());
  assert.ok(asRoot.includes("subtensorModule.NetworkRateLimitSet"));

  const founded = await done(api, calls.registerNetwork(hotkeys[0].address), founder);
  assert.ok(founded.includes("subtensorModule.NetworkAdded"));
  assert.equal((await query.subnetOwner(NETUID)).toString(), founder.address);
  const tooEarly = await send(api, calls.startCall(NETUID), founder);
  assert.equal(tooEarly.error, "subtensorModule.NeedWaitingMoreBlocksToStarCall");

  const asOwner = await send(api, admin.sudoSetMaxRegistrationsPerBlock(NETUID, 8), founder);
  assert.equal(asOwner.error, "BadOrigin");
  await done(api, sudo.sudo(admin.sudoSetMaxRegistrationsPerBlock(NETUID, 8)), alice());
  await done(api, admin.sudoSetServingRateLimit(NETUID, 0), founder);
  const registeredAt = Number((await query.networkRegisteredAt(NETUID)).toString());
  await new Promise<void>((resolve) => {
    const unsubscribe = api.rpc.chain.subscribeNewHeads(async ({ number }) => {
      if (number.toNumber() < registeredAt + 10) return;
      (await unsubscribe)();
      resolve();
    });
  });
  const started = await done(api, calls.startCall(NETUID), founder);
  assert.ok(started.includes("subtensorModule.FirstEmissionBlockNumberSet"));

  const joined = await done(api, calls.burnedRegister(NETUID, hotkeys[1].address), validator);
  assert.deepEqual(joined.filter((name) => name.startsWith("subtensorModule")), [
    "subtensorModule.RAORecycledForRegistrationSet",
    "subtensorModule.NeuronRegistered",
  ]);
  const staked = await done(api, calls.addStake(hotkeys[1].address, NETUID, 1000n * TAO), validator);
  assert.ok(staked.includes("subtensorModule.StakeAdded"));
  assert.equal((await query.uids(NETUID, hotkeys[1].address)).toString(), "1");
  assert.equal((await query.totalHotkeyAlpha(hotkeys[1].address, NETUID)).toString(), `${1000n * TAO}`);
  const stakes = await (api.call as any).stakeInfoRuntimeApi.getStakeInfoForColdkey(validator.address);
  assert.deepEqual(stakes.toJSON().map((each: any) => [each.netuid, each.stake]), [[NETUID, 1e12]]);
});
