import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/bytes.ts";
import { TotalIssuance } from "../../../../src/chain/devnet/pallets/balances.ts";
import { lockCost } from "../../../../src/chain/devnet/pallets/subtensor/network_register.ts";
import * as network from "../../../../src/chain/devnet/pallets/subtensor/network_storage.ts";
import { StakingHotkeys, TotalStake } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { freeSymbol } from "../../../../src/chain/devnet/pallets/subtensor/symbols.ts";
import { EMPTY_STATE, Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { storageKey } from "../../../../src/chain/devnet/pallets/storage_entry.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const coldkey = keyOf("founder");
const hotkey = keyOf("founder's hotkey");
const stranger = keyOf("stranger");
const NEW = 2;

function founded(tao = 100_000n): StateHarness {
  const chain = new StateHarness();
  chain.fund(coldkey, tao * TAO);
  return chain;
}
const found = (chain: StateHarness, other = {}, as = coldkey) =>
  chain.run("SubtensorModule.register_network", { hotkey, ...other }, as);
const start = (chain: StateHarness, netuid = NEW, as: Uint8Array | "root" = coldkey) =>
  chain.run("SubtensorModule.start_call", { netuid }, as).error;

const identity = (changed: Record<string, Uint8Array> = {}) => ({
  subnet_name: utf8("skein"),
  github_repo: utf8(""),
  subnet_contact: utf8(""),
  subnet_url: utf8(""),
  discord: utf8(""),
  description: utf8(""),
  logo_url: utf8(""),
  additional: utf8(""),
  ...changed,
});

Deno.test("a new subnet tells what the recorded one told, and its founder's hotkey has uid 0", () => {
  const chain = founded();
  const { state } = chain;
  const { events } = found(chain);
  assert.deepEqual(events.map(([name, value]) => [name, (value as unknown[])[1]]), [
    ["Withdraw", undefined],
    ["RegistrationAllowed", true],
    ["MaxAllowedUidsSet", 256],
    ["MaxAllowedValidatorsSet", 64],
    ["MinAllowedWeightSet", 1],
    ["MaxWeightLimitSet", 65535],
    ["AdjustmentIntervalSet", 360],
    ["RegistrationPerIntervalSet", 1],
    ["AdjustmentAlphaSet", 17_893_341_751_498_265_066n],
    ["ImmunityPeriodSet", 5000],
    ["MinDifficultySet", 18_446_744_073_709_551_615n],
    ["MaxDifficultySet", 18_446_744_073_709_551_615n],
    ["NetworkAdded", 0],
  ]);
  assert.equal(state.get(at.TotalNetworks), 3);
  assert.deepEqual(state.get(at.Keys, NEW, 0), hotkey);
  assert.deepEqual(state.get(at.SubnetOwner, NEW), coldkey);
  assert.deepEqual(state.get(subnet.SubnetOwnerHotkey, NEW), hotkey);
  assert.equal(state.get(network.SubnetLocked, NEW), 1000n * TAO);
  assert.equal(state.get(subnet.SubtokenEnabled, NEW), false);
  assert.equal(chain.freeRao(coldkey), 99_000n * TAO);
  assert.deepEqual(state.get(subnet.TokenSymbol, NEW), utf8("β"));
});

Deno.test("a subnet costs twice the last one's price, which falls back over the interval to its least", () => {
  const chain = founded();
  found(chain);
  const cost = (block: number) => lockCost(chain.state, block);
  assert.equal(cost(chain.blockNumber), 2000n * TAO);
  assert.equal(cost(chain.blockNumber + 50_400), 2000n * TAO - 50_400n * (1000n * TAO / 100_800n));
  assert.equal(cost(chain.blockNumber + 200_000), 1000n * TAO);
  assert.equal(found(chain, { hotkey: keyOf("second") }).error, undefined);
  assert.equal(chain.state.get(network.SubnetLocked, 3), 1000n * TAO);
  assert.equal(chain.state.get(at.RAORecycledForRegistration, 3), 1000n * TAO);
  chain.state.set(network.NetworkLockReductionInterval, 0n);
  assert.equal(cost(1_000_000), 4000n * TAO);
});

Deno.test("a subnet is refused by subtensor's errors in their order", () => {
  const chain = founded(999n);
  const { state } = chain;
  assert.equal(chain.run("SubtensorModule.register_network", { hotkey }, "root").error, "BadOrigin");
  state.set(at.Owner, stranger, hotkey);
  assert.equal(found(chain).error, "NonAssociatedColdKey");
  state.remove(at.Owner, hotkey);
  state.set(network.NetworkRateLimit, 7200n);
  assert.equal(found(chain).error, "NetworkTxRateLimitExceeded");
  state.set(network.NetworkRateLimit, 0n);
  assert.equal(found(chain).error, "NotEnoughBalanceToStake");
  assert.equal(state.get(at.NetworksAdded, NEW), false);
});

Deno.test("a subnet has an identity from the start or later, within its limits, from its owner only", () => {
  const chain = founded();
  const withIdentity = (value: unknown) =>
    chain.run("SubtensorModule.register_network_with_identity", { hotkey, identity: value }, coldkey);
  assert.equal(withIdentity(identity({ subnet_name: new Uint8Array(257) })).error, "InvalidIdentity");
  const { events } = withIdentity(identity());
  assert.deepEqual(events.slice(-2), [["SubnetIdentitySet", NEW], ["NetworkAdded", [NEW, 0]]]);
  const change = (value: object, as = coldkey) =>
    chain.run("SubtensorModule.set_subnet_identity", { netuid: NEW, ...value }, as).error;
  assert.equal(change(identity(), stranger), "NotSubnetOwner");
  assert.equal(change(identity({ logo_url: new Uint8Array(1025) })), "InvalidIdentity");
  assert.equal(change(identity({ subnet_name: utf8("other") })), undefined);
  assert.deepEqual(chain.state.get(subnet.SubnetIdentitiesV3, NEW)!.subnet_name, utf8("other"));
});

Deno.test("a coldkey with a registered hotkey says who it is", () => {
  const chain = founded();
  const texts = ["url", "github_repo", "image", "discord", "description", "additional"];
  const who = { name: utf8("me"), ...Object.fromEntries(texts.map((text) => [text, utf8("")])) };
  const say = (other = {}) => chain.run("SubtensorModule.set_identity", { ...who, ...other }, coldkey).error;
  assert.equal(say(), "HotKeyNotRegisteredInNetwork");
  found(chain);
  assert.equal(say({ image: new Uint8Array(1025) }), "InvalidIdentity");
  assert.equal(say(), undefined);
  assert.deepEqual(chain.state.get(subnet.IdentitiesV2, coldkey)!.name, utf8("me"));
});

Deno.test("a subnet starts once, ten blocks after its registration, at its owner's call", () => {
  const chain = founded();
  assert.equal(start(chain), "SubnetNotExists");
  found(chain);
  assert.equal(start(chain, NEW, stranger), "BadOrigin");
  assert.equal(start(chain, NEW, "root"), "BadOrigin");
  chain.nextBlocks(9);
  assert.equal(start(chain), "NeedWaitingMoreBlocksToStarCall");
  const stake = { hotkey, netuid: NEW, amount_staked: TAO };
  assert.equal(chain.run("SubtensorModule.add_stake", stake, coldkey).error, "SubtokenDisabled");
  chain.nextBlocks(1);
  assert.equal(start(chain), undefined);
  assert.equal(chain.state.get(network.FirstEmissionBlockNumber, NEW), BigInt(chain.blockNumber) + 1n);
  assert.equal(chain.run("SubtensorModule.add_stake", stake, coldkey).error, undefined);
  assert.equal(start(chain), "FirstEmissionBlockNumberAlreadySet");
});

Deno.test("a token's symbol is one of those that there are, and no other subnet's", () => {
  const chain = founded();
  found(chain);
  const symbol = (text: string, as: Uint8Array | "root" = coldkey) =>
    chain.run("SubtensorModule.update_symbol", { netuid: NEW, symbol: utf8(text) }, as);
  assert.equal(symbol("γ", stranger).error, "BadOrigin");
  assert.equal(symbol("dollar").error, "SymbolDoesNotExist");
  assert.equal(symbol("Τ").error, "SymbolDoesNotExist");
  assert.equal(symbol("α").error, "SymbolAlreadyInUse");
  assert.deepEqual(symbol("γ", "root").events, [["SymbolUpdated", { netuid: NEW, symbol: utf8("γ") }]]);
  // Subnet 3's own is taken now: it gets the first that is free.
  assert.deepEqual(freeSymbol(chain.state, 3), utf8("β"));
  const symbols = [19, 25, 87, 438, 439].map((netuid) => freeSymbol(chain.state, netuid));
  assert.deepEqual(symbols, ["t", "א", "Ы", "\u{db0}", "β"].map(utf8));
});

Deno.test("a dissolved subnet gives back what was locked, leaves nothing, and its netuid is given again", () => {
  const chain = founded();
  const { state } = chain;
  const issued = state.get(TotalIssuance);
  chain.run("SubtensorModule.register_network_with_identity", { hotkey, identity: identity() }, coldkey);
  const dissolve = (owner: Uint8Array, as: Uint8Array | "root", netuid = NEW) =>
    chain.run("SubtensorModule.dissolve_network", { coldkey: owner, netuid }, as);
  assert.equal(dissolve(coldkey, coldkey).error, "BadOrigin");
  assert.equal(dissolve(coldkey, "root", 9).error, "SubnetNotExists");
  assert.equal(dissolve(stranger, "root").error, "NotSubnetOwner");
  const { events } = dissolve(coldkey, "root");
  assert.deepEqual(events.map(([name]) => name), ["SubnetIdentityRemoved", "Deposit", "NetworkRemoved"]);
  assert.equal(chain.freeRao(coldkey), 100_000n * TAO);
  assert.equal(state.get(TotalIssuance), issued);
  assert.equal(state.get(TotalStake), 0n);
  assert.equal(state.get(at.IsNetworkMember, hotkey, NEW), false);
  assert.equal(state.has(at.Uids, NEW, hotkey), false);
  assert.equal(state.has(at.MaxAllowedUids, NEW), false);
  assert.deepEqual(state.get(at.PruningScores, NEW), []);
  assert.equal(state.get(at.TotalNetworks), 2);
  assert.deepEqual(found(chain).events.at(-1), ["NetworkAdded", [NEW, 0]]);
});

Deno.test("a coldkey takes a hotkey that is nobody's, and only such", () => {
  const chain = founded();
  const take = (as: Uint8Array) => chain.run("SubtensorModule.try_associate_hotkey", { hotkey }, as).error;
  assert.equal(take(coldkey), undefined);
  assert.equal(take(stranger), undefined);
  assert.deepEqual(chain.state.get(at.Owner, hotkey), coldkey);
  assert.deepEqual(chain.state.get(at.OwnedHotkeys, coldkey), [hotkey]);
});

Deno.test("a hotkey is added to a long list without reading it", () => {
  const chain = founded();
  const many = Array.from({ length: 70 }, (_, i) => keyOf(`mine ${i}`));
  for (const mine of many) chain.run("SubtensorModule.try_associate_hotkey", { hotkey: mine }, coldkey);
  for (const entry of [at.OwnedHotkeys, StakingHotkeys]) {
    assert.deepEqual(chain.state.get(entry, coldkey), many);
  }
  const overlay = new Overlay(EMPTY_STATE);
  const state = new TypedState(overlay);
  // Its length in front is right, its items are not.
  overlay.set(storageKey(at.OwnedHotkeys, coldkey), Uint8Array.of(1 << 2, 7, 7));
  state.append(at.OwnedHotkeys, hotkey, coldkey);
  const appended = overlay.get(storageKey(at.OwnedHotkeys, coldkey))!;
  assert.deepEqual([...appended], [2 << 2, 7, 7, ...hotkey]);
});

Deno.test("the root network is not dissolved", () => {
  const chain = founded();
  const owner = chain.state.get(at.SubnetOwner, 0);
  const { error } = chain.run("SubtensorModule.dissolve_network", { coldkey: owner, netuid: 0 }, "root");
  assert.equal(error, "SubnetNotExists");
});
