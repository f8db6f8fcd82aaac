import assert from "node:assert/strict";
import { stakeOf, stakeOfColdkey } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as stake from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import { NetworksAdded, TotalNetworks } from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { TotalIssuance } from "../../../../src/chain/devnet/pallets/balances.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const OTHER_NETUID = 40;
const coldkey = keyOf("coldkey");
const hotkey = keyOf("hotkey");
const otherHotkey = keyOf("other hotkey");
const stranger = keyOf("stranger");

/** A registered hotkey of a coldkey with 99.9 TAO, another hotkey of the same, and a second subnet. */
function stakers(): StateHarness {
  const chain = new StateHarness();
  chain.fund(coldkey, 100n * TAO + 500n + TAO / 10n);
  for (const each of [hotkey, otherHotkey]) {
    const ran = chain.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey: each }, coldkey);
    assert.equal(ran.error, undefined);
    chain.nextBlocks(1);
  }
  chain.state.set(NetworksAdded, true, OTHER_NETUID);
  chain.state.set(TotalNetworks, chain.state.get(TotalNetworks) + 1);
  chain.state.set(subnet.SubtokenEnabled, true, OTHER_NETUID);
  return chain;
}

const add = (chain: StateHarness, amount_staked: bigint, other = {}, as = coldkey) =>
  chain.run("SubtensorModule.add_stake", { hotkey, netuid: NETUID, amount_staked, ...other }, as);
const remove = (chain: StateHarness, amount_unstaked: bigint, other = {}, as = coldkey) =>
  chain.run("SubtensorModule.remove_stake", { hotkey, netuid: NETUID, amount_unstaked, ...other }, as);
const held = ({ state }: StateHarness, of = hotkey, netuid = NETUID, who = coldkey) =>
  stakeOfColdkey(state, of, who, netuid);

Deno.test("TAO becomes stake and stake TAO again, and no rao is made or lost", () => {
  const chain = stakers();
  const before = chain.freeRao(coldkey);
  const issued = chain.state.get(TotalIssuance);
  const emitted = chain.state.get(subnet.SubnetAlphaOut, NETUID);
  const staked = add(chain, 50n * TAO);
  assert.deepEqual(staked.events.map(([name]) => name), ["Withdraw", "StakeAdded"]);
  assert.deepEqual(staked.events[1][1], [coldkey, hotkey, 50n * TAO, 50n * TAO, NETUID, 0n]);
  assert.equal(held(chain), 50n * TAO);
  assert.equal(chain.freeRao(coldkey), before - 50n * TAO);
  assert.equal(chain.state.get(stake.TotalStake), 50n * TAO);
  assert.equal(chain.state.get(subnet.SubnetAlphaOut, NETUID) - emitted, 50n * TAO);
  assert.equal(chain.state.get(subnet.SubnetTAO, NETUID), 50n * TAO);
  const back = remove(chain, 20n * TAO);
  assert.deepEqual(back.events.map(([name]) => name), ["StakeRemoved", "Deposit"]);
  remove(chain, 30n * TAO);
  assert.equal(chain.freeRao(coldkey), before);
  assert.equal(chain.state.get(TotalIssuance), issued);
  assert.equal(chain.state.get(stake.TotalStake), 0n);
  assert.equal(chain.state.get(subnet.SubnetVolume, NETUID), 100n * TAO);
});

Deno.test("staking is refused by subtensor's errors in their order", () => {
  const chain = stakers();
  assert.equal(add(chain, TAO, { netuid: 9 }).error, "SubnetNotExists");
  chain.state.set(subnet.SubtokenEnabled, false, NETUID);
  assert.equal(add(chain, 1n).error, "SubtokenDisabled");
  chain.state.set(subnet.SubtokenEnabled, true, NETUID);
  assert.equal(add(chain, 1_999_999n, { hotkey: stranger }).error, "AmountTooLow");
  assert.equal(add(chain, 1000n * TAO, { hotkey: stranger }).error, "NotEnoughBalanceToStake");
  assert.equal(add(chain, TAO, { hotkey: stranger }).error, "HotKeyAccountNotExists");
  assert.equal(chain.run("SubtensorModule.add_stake", {}, undefined).error, "BadOrigin");
  assert.equal(stakeOf(chain.state, hotkey, NETUID), 0n);
});

Deno.test("unstaking is refused by subtensor's errors in their order, but a small remainder may go", () => {
  const chain = stakers();
  add(chain, 10_000_000n);
  assert.equal(remove(chain, TAO, { netuid: 9 }).error, "SubnetNotExists");
  chain.state.set(subnet.SubtokenEnabled, false, NETUID);
  assert.equal(remove(chain, 0n).error, "SubtokenDisabled");
  chain.state.set(subnet.SubtokenEnabled, true, NETUID);
  assert.equal(remove(chain, 0n).error, "AmountTooLow");
  assert.equal(remove(chain, 1_999_999n).error, "AmountTooLow");
  assert.equal(remove(chain, TAO, { hotkey: stranger }).error, "HotKeyAccountNotExists");
  assert.equal(remove(chain, 10_000_001n).error, "NotEnoughStakeToWithdraw");
  assert.equal(remove(chain, 10_000_000n, {}, stranger).error, "NotEnoughStakeToWithdraw");
  assert.equal(remove(chain, 9_000_000n).error, undefined);
  assert.equal(remove(chain, 1_000_000n).error, undefined);
  assert.equal(held(chain), 0n);
});

Deno.test("a price limit that one TAO for one alpha meets lets all through, another nothing", () => {
  const chain = stakers();
  const limited = (name: string, amount: Record<string, bigint>, limit_price: bigint | undefined) => {
    const args = { hotkey, netuid: NETUID, ...amount, limit_price, allow_partial: true };
    return chain.run(`SubtensorModule.${name}`, args, coldkey).error;
  };
  assert.equal(limited("add_stake_limit", { amount_staked: TAO }, TAO - 1n), "ZeroMaxStakeAmount");
  assert.equal(limited("add_stake_limit", { amount_staked: TAO }, TAO), undefined);
  assert.equal(limited("remove_stake_limit", { amount_unstaked: TAO / 2n }, TAO + 1n), "ZeroMaxStakeAmount");
  assert.equal(limited("remove_stake_limit", { amount_unstaked: TAO / 2n }, TAO), undefined);
  assert.equal(held(chain), TAO / 2n);
  assert.equal(limited("remove_stake_full_limit", {}, 2n * TAO), "ZeroMaxStakeAmount");
  assert.equal(limited("remove_stake_full_limit", {}, undefined), undefined);
  assert.equal(held(chain), 0n);
});

Deno.test("everything is unstaked from every subnet, or from all but root onto root", () => {
  const chain = stakers();
  const all = (name: string, of = hotkey) => chain.run(`SubtensorModule.${name}`, { hotkey: of }, coldkey);
  assert.equal(all("unstake_all", stranger).error, "HotKeyAccountNotExists");
  assert.equal(all("unstake_all_alpha", stranger).error, "HotKeyAccountNotExists");
  assert.equal(all("unstake_all_alpha").error, "AmountTooLow");
  const before = chain.freeRao(coldkey);
  add(chain, TAO);
  add(chain, 2n * TAO, { netuid: OTHER_NETUID });
  assert.equal(all("unstake_all_alpha").error, undefined);
  assert.deepEqual([held(chain), held(chain, hotkey, 0)], [0n, 3n * TAO]);
  assert.equal(all("unstake_all").error, undefined);
  assert.equal(chain.freeRao(coldkey), before);
});

Deno.test("stake goes to another hotkey, coldkey or subnet as it is", () => {
  const chain = stakers();
  add(chain, 9n * TAO);
  const toHotkey = chain.run("SubtensorModule.move_stake", {
    origin_hotkey: hotkey,
    destination_hotkey: otherHotkey,
    origin_netuid: NETUID,
    destination_netuid: NETUID,
    alpha_amount: TAO,
  }, coldkey);
  assert.deepEqual(toHotkey.events.at(-1), [
    "StakeMoved",
    [coldkey, hotkey, NETUID, otherHotkey, NETUID, TAO],
  ]);
  const path = { hotkey, origin_netuid: NETUID, destination_netuid: OTHER_NETUID, alpha_amount: 2n * TAO };
  assert.equal(chain.run("SubtensorModule.swap_stake", path, coldkey).error, undefined);
  const given = { ...path, destination_netuid: NETUID, destination_coldkey: stranger };
  assert.equal(chain.run("SubtensorModule.transfer_stake", given, coldkey).error, undefined);
  assert.equal(held(chain), 4n * TAO);
  assert.equal(held(chain, otherHotkey), TAO);
  assert.equal(held(chain, hotkey, OTHER_NETUID), 2n * TAO);
  assert.equal(held(chain, hotkey, NETUID, stranger), 2n * TAO);
});

Deno.test("moves of stake are refused by subtensor's errors in their order", () => {
  const chain = stakers();
  add(chain, 5n * TAO);
  const path = { hotkey, origin_netuid: NETUID, destination_netuid: OTHER_NETUID, alpha_amount: TAO };
  const swap = (other: object) =>
    chain.run("SubtensorModule.swap_stake", { ...path, ...other }, coldkey).error;
  assert.equal(swap({ destination_netuid: NETUID }), "SameNetuid");
  assert.equal(swap({ origin_netuid: 9 }), "SubnetNotExists");
  assert.equal(swap({ destination_netuid: 9 }), "SubnetNotExists");
  chain.state.set(subnet.SubtokenEnabled, false, OTHER_NETUID);
  assert.equal(swap({ hotkey: stranger }), "SubtokenDisabled");
  chain.state.set(subnet.SubtokenEnabled, true, OTHER_NETUID);
  assert.equal(swap({ hotkey: stranger }), "HotKeyAccountNotExists");
  assert.equal(swap({ alpha_amount: 6n * TAO }), "NotEnoughStakeToWithdraw");
  assert.equal(swap({ alpha_amount: 1n }), "AmountTooLow");
  const limit = { ...path, limit_price: TAO + 1n, allow_partial: false };
  assert.equal(chain.run("SubtensorModule.swap_stake_limit", limit, coldkey).error, "ZeroMaxStakeAmount");
  const open = { ...limit, limit_price: TAO };
  assert.equal(chain.run("SubtensorModule.swap_stake_limit", open, coldkey).error, undefined);
  const move = {
    origin_hotkey: hotkey,
    destination_hotkey: stranger,
    origin_netuid: NETUID,
    destination_netuid: NETUID,
    alpha_amount: TAO,
  };
  assert.equal(chain.run("SubtensorModule.move_stake", move, coldkey).error, "HotKeyAccountNotExists");
  chain.state.set(subnet.TransferToggle, false, NETUID);
  const given = { ...path, destination_netuid: NETUID, destination_coldkey: stranger };
  assert.equal(chain.run("SubtensorModule.transfer_stake", given, coldkey).error, "TransferDisallowed");
});
