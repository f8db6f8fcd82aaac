import assert from "node:assert/strict";
import { adjustedPrice } from "../../../../src/chain/devnet/pallets/subtensor/burn_price.ts";
import * as counts from "../../../../src/chain/devnet/pallets/subtensor/registration_storage.ts";
import { StakeWeight } from "../../../../src/chain/devnet/pallets/subtensor/epoch_storage.ts";
import { addStake } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import { Delegates } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const coldkey = keyOf("coldkey");
const hotkey = (uid: number) => keyOf(`hotkey ${uid}`);

function funded(): StateHarness {
  const chain = new StateHarness();
  chain.fund(coldkey, 1000n * TAO);
  return chain;
}
const register = (chain: StateHarness, key: Uint8Array, netuid = NETUID, as = coldkey) =>
  chain.run("SubtensorModule.burned_register", { netuid, hotkey: key }, as);
const rootRegister = (chain: StateHarness, key: Uint8Array) =>
  chain.run("SubtensorModule.root_register", { hotkey: key }, coldkey);

Deno.test("a registration is refused by subtensor's errors in their order and costs nothing then", () => {
  const chain = funded();
  const { state } = chain;
  const other = keyOf("other coldkey");
  assert.equal(register(chain, hotkey(0), 0).error, "RegistrationNotPermittedOnRootSubnet");
  assert.equal(register(chain, hotkey(0), 9).error, "SubNetworkDoesNotExist");
  state.set(at.NetworkRegistrationAllowed, false, NETUID);
  assert.equal(register(chain, hotkey(0)).error, "SubNetRegistrationDisabled");
  state.set(at.NetworkRegistrationAllowed, true, NETUID);
  state.set(subnet.MaxRegistrationsPerBlock, 0, NETUID);
  assert.equal(register(chain, hotkey(0)).error, "TooManyRegistrationsThisBlock");
  state.set(subnet.MaxRegistrationsPerBlock, 8, NETUID);
  state.set(subnet.TargetRegistrationsPerInterval, 0, NETUID);
  assert.equal(register(chain, hotkey(0)).error, "TooManyRegistrationsThisInterval");
  state.set(subnet.TargetRegistrationsPerInterval, 8, NETUID);
  assert.equal(register(chain, hotkey(0)).error, undefined);
  assert.equal(register(chain, hotkey(0)).error, "HotKeyAlreadyRegisteredInSubNet");
  assert.equal(register(chain, hotkey(1), NETUID, other).error, "NotEnoughBalanceToStake");
  chain.fund(other, TAO);
  state.set(at.Owner, coldkey, hotkey(1));
  assert.equal(register(chain, hotkey(1), NETUID, other).error, "NonAssociatedColdKey");
  state.set(at.MaxAllowedUids, 0, NETUID);
  assert.equal(register(chain, hotkey(2)).error, "NoNeuronIdAvailable");
  assert.equal(chain.freeRao(other), TAO);
  assert.equal(chain.freeRao(coldkey), 1000n * TAO - TAO / 10n);
});

Deno.test("a block takes so many registrations, an interval three times its target, and the next one more", () => {
  const chain = funded();
  chain.state.set(subnet.MaxRegistrationsPerBlock, 2, NETUID);
  chain.state.set(subnet.TargetRegistrationsPerInterval, 1, NETUID);
  chain.state.set(subnet.AdjustmentInterval, 10, NETUID);
  chain.nextBlocks(10);
  const errors = [0, 1, 2].map((uid) => register(chain, hotkey(uid)).error);
  assert.deepEqual(errors, [undefined, undefined, "TooManyRegistrationsThisBlock"]);
  chain.nextBlocks(1);
  assert.equal(register(chain, hotkey(2)).error, undefined);
  assert.equal(register(chain, hotkey(3)).error, "TooManyRegistrationsThisInterval");
  chain.nextBlocks(10);
  assert.equal(chain.state.get(counts.RegistrationsThisInterval, NETUID), 0);
  assert.equal(register(chain, hotkey(3)).error, undefined);
});

Deno.test("the price rises where more register than the target, and falls to its least where nobody does", () => {
  const chain = funded();
  chain.state.set(subnet.AdjustmentAlpha, 0n, NETUID);
  chain.state.set(subnet.TargetRegistrationsPerInterval, 1, NETUID);
  chain.state.set(subnet.AdjustmentInterval, 10, NETUID);
  chain.nextBlocks(10);
  // Nobody yet: halved.
  assert.equal(chain.state.get(at.Burn, NETUID), TAO / 20n);
  for (let uid = 0; uid < 3; uid++) register(chain, hotkey(uid));
  chain.nextBlocks(10);
  assert.equal(chain.state.get(at.Burn, NETUID), TAO / 10n);
  register(chain, hotkey(3));
  chain.nextBlocks(10);
  assert.equal(chain.state.get(at.Burn, NETUID), TAO / 10n, "as many as wanted: it stays");
  chain.nextBlocks(100);
  assert.equal(chain.state.get(at.Burn, NETUID), 500_000n);
});

Deno.test("inertia slows the price, whose limits hold", () => {
  const demand = { registrations: 3, target: 1, alpha: 0n, least: 1n, most: 1n << 60n };
  assert.equal(adjustedPrice(1000n, demand), 2000n);
  assert.equal(adjustedPrice(1000n, { ...demand, alpha: (1n << 64n) - 1n }), 1000n);
  // 0.97, the default of a new subnet: 970 + 0.03 · 2000, less what 18 bits cut off.
  assert.equal(adjustedPrice(1000n, { ...demand, alpha: 17_893_341_751_498_265_066n }), 1030n);
  assert.equal(adjustedPrice(1000n, { ...demand, most: 1500n }), 1500n);
  assert.equal(adjustedPrice(1000n, { ...demand, registrations: 0, least: 700n }), 700n);
  assert.equal(adjustedPrice(1000n, { ...demand, registrations: 0, target: 0 }), 1n);
});

/** Four uids, all that there are, past their immunity, scored 40, 10, 20, 30. */
function full(): StateHarness {
  const chain = funded();
  const { state } = chain;
  state.set(at.MaxAllowedUids, 4, NETUID);
  state.set(at.ImmunityPeriod, 100, NETUID);
  for (let uid = 0; uid < 4; uid++) register(chain, hotkey(uid));
  chain.nextBlocks(100);
  state.set(at.PruningScores, [40, 10, 20, 30], NETUID);
  return chain;
}

Deno.test("in a full subnet the lowest score gives its uid away, and nothing of it stays", () => {
  const chain = full();
  const { state } = chain;
  const axon = { netuid: NETUID, version: 1, ip: 0x01020304n, port: 1, ip_type: 4 };
  const served = { ...axon, protocol: 0, placeholder1: 0, placeholder2: 0 };
  assert.equal(chain.run("SubtensorModule.serve_axon", served, hotkey(1)).error, undefined);
  assert.equal(chain.run("SubtensorModule.serve_prometheus", axon, hotkey(1)).error, undefined);
  state.set(at.Weights, [[1, 9], [2, 8]], NETUID, 0);
  state.set(at.Weights, [[0, 1]], NETUID, 1);
  state.set(at.Bonds, [[0, 1]], NETUID, 1);
  state.set(at.Incentive, [1, 2, 3, 4], NETUID);
  state.set(at.Emission, [1n, 2n, 3n, 4n], NETUID);
  const { events } = register(chain, hotkey(4));
  assert.deepEqual(events.at(-1), ["NeuronRegistered", [NETUID, 1, hotkey(4)]]);
  assert.equal(state.get(at.SubnetworkN, NETUID), 4);
  assert.deepEqual(state.get(at.Keys, NETUID, 1), hotkey(4));
  assert.equal(state.get(at.Uids, NETUID, hotkey(4)), 1);
  assert.equal(state.get(at.Uids, NETUID, hotkey(1)), undefined);
  assert.equal(state.get(at.IsNetworkMember, hotkey(1), NETUID), false);
  assert.equal(state.get(at.Axons, NETUID, hotkey(1)), undefined);
  assert.equal(state.get(subnet.Prometheus, NETUID, hotkey(1)), undefined);
  assert.deepEqual(state.get(at.Weights, NETUID, 0), [[1, 0], [2, 8]]);
  assert.deepEqual([state.get(at.Weights, NETUID, 1), state.get(at.Bonds, NETUID, 1)], [[], []]);
  assert.deepEqual(state.get(at.Incentive, NETUID), [1, 0, 3, 4]);
  assert.deepEqual(state.get(at.Emission, NETUID), [1n, 0n, 3n, 4n]);
  assert.deepEqual(state.get(at.PruningScores, NETUID), [40, 0xffff, 20, 30]);
  assert.equal(state.get(at.ValidatorPermit, NETUID)[1], false);
  assert.equal(state.get(at.LastUpdate, NETUID)[1], BigInt(chain.blockNumber));
  assert.equal(state.get(at.BlockAtRegistration, NETUID, 1), BigInt(chain.blockNumber));
});

Deno.test("the immune are pruned last, and the owner's neuron never", () => {
  const chain = full();
  chain.state.set(subnet.SubnetOwnerHotkey, hotkey(1), NETUID);
  const uids = [4, 5, 6, 7].map((n) => (register(chain, hotkey(n)).events.at(-1)![1] as number[])[1]);
  // 20, 30, 40, then the new ones, all immune and of one score: the first of them.
  assert.deepEqual(uids, [2, 3, 0, 0]);
  chain.state.set(at.MaxAllowedUids, 1, NETUID);
  chain.state.set(at.PruningScores, [1], NETUID);
  chain.state.set(subnet.SubnetOwnerHotkey, hotkey(7), NETUID);
  const before = chain.freeRao(coldkey);
  assert.equal(register(chain, hotkey(8)).error, "NoNeuronIdAvailable");
  assert.equal(chain.freeRao(coldkey), before);
});

Deno.test("root has as many places as it has, which go to those with more stake", () => {
  const chain = funded();
  const { state } = chain;
  state.set(at.MaxAllowedUids, 1, 0);
  assert.equal(rootRegister(chain, hotkey(0)).error, undefined);
  assert.equal(state.has(Delegates, hotkey(0)), true);
  assert.equal(rootRegister(chain, hotkey(1)).error, "TooManyRegistrationsThisBlock");
  chain.nextBlocks(1);
  assert.equal(rootRegister(chain, hotkey(0)).error, "HotKeyAlreadyRegisteredInSubNet");
  assert.equal(rootRegister(chain, hotkey(1)).error, "StakeTooLowForRoot");
  addStake({ state }, { hotkey: hotkey(1), coldkey, netuid: 0, amountRao: TAO });
  assert.deepEqual(rootRegister(chain, hotkey(1)).events, [["NeuronRegistered", [0, 0, hotkey(1)]]]);
  chain.nextBlocks(1);
  addStake({ state }, { hotkey: hotkey(2), coldkey, netuid: 0, amountRao: 2n * TAO });
  state.set(counts.RegistrationsThisInterval, 3, 0);
  assert.equal(rootRegister(chain, hotkey(2)).error, "TooManyRegistrationsThisInterval");
  state.set(at.NetworksAdded, false, 0);
  assert.equal(rootRegister(chain, hotkey(2)).error, "RootNetworkDoesNotExist");
});

Deno.test("addresses are published by members, usable, and not too often", () => {
  const chain = funded();
  register(chain, hotkey(0));
  chain.state.set(at.ServingRateLimit, 5n, NETUID);
  const good = { netuid: NETUID, version: 1, ip: 0x01020304n, port: 1, ip_type: 4 };
  const rest = { protocol: 0, placeholder1: 0, placeholder2: 0 };
  for (const name of ["serve_axon", "serve_prometheus"]) {
    const serve = (other: object, as = hotkey(0)) =>
      chain.run(`SubtensorModule.${name}`, { ...good, ...rest, ...other }, as).error;
    assert.equal(serve({}, hotkey(1)), "HotKeyNotRegisteredInNetwork");
    assert.equal(serve({ ip_type: 5 }), "InvalidIpType");
    assert.equal(serve({ ip: 0xffffffffn }), "InvalidIpAddress");
    assert.equal(serve({ ip: 1n << 32n }), "InvalidIpAddress");
    assert.equal(serve({ ip: (1n << 128n) - 1n, ip_type: 6 }), "InvalidIpAddress");
    assert.equal(serve({ ip: 0n }), name === "serve_axon" ? undefined : "InvalidIpAddress");
    chain.nextBlocks(5);
    assert.equal(serve({ port: 0 }), "InvalidPort");
    assert.equal(serve({ ip: 0x7f000001n }), undefined);
    chain.nextBlocks(4);
    assert.equal(serve({ port: 0 }), "ServingRateLimitExceeded");
    chain.nextBlocks(1);
    assert.equal(serve({}), undefined);
  }
});

Deno.test("what registrations have cost in all stops at what 64 bits hold", () => {
  const chain = funded();
  chain.state.set(at.RAORecycledForRegistration, (1n << 64n) - 2n, NETUID);
  assert.equal(register(chain, hotkey(0)).error, undefined);
  assert.equal(chain.state.get(at.RAORecycledForRegistration, NETUID), (1n << 64n) - 1n);
});

Deno.test("the stake that consensus weighed goes with its neuron", () => {
  const chain = funded();
  const { state } = chain;
  state.set(at.MaxAllowedUids, 1, NETUID);
  register(chain, hotkey(0));
  state.set(StakeWeight, [40_000], NETUID);
  assert.equal(register(chain, hotkey(1)).error, undefined);
  assert.deepEqual(state.get(StakeWeight, NETUID), [0]);
});
