/** Swapped hotkeys on the local chain: what goes to the new one, what it costs, who may and how often. */
import assert from "node:assert/strict";
import * as child from "../../../../src/chain/devnet/pallets/subtensor/child_storage.ts";
import { addStake, stakeOfColdkey } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import { Delegates, StakingHotkeys } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { SubnetOwnerHotkey } from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { Account } from "../../../../src/chain/devnet/pallets/system.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const [coldkey, staker, stranger] = ["coldkey", "staker", "stranger"].map(keyOf);
const [old, fresh, kid, parent] = ["old", "fresh", "child", "parent"].map(keyOf);

function settled(): StateHarness {
  const chain = new StateHarness();
  for (const who of [coldkey, staker, stranger]) chain.fund(who, 1000n * TAO);
  for (const hotkey of [old, kid, parent]) {
    const { error } = chain.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey }, coldkey);
    assert.equal(error, undefined);
  }
  for (const [who, tao] of [[coldkey, 30n], [staker, 70n]] as const) {
    addStake(chain, { hotkey: old, coldkey: who, netuid: NETUID, amountRao: tao * TAO });
  }
  addStake(chain, { hotkey: old, coldkey: staker, netuid: 0, amountRao: 5n * TAO });
  chain.state.set(child.ChildKeys, [[9n, kid]], old, NETUID);
  chain.state.set(child.ParentKeys, [[9n, old]], kid, NETUID);
  chain.state.set(child.ParentKeys, [[8n, parent]], old, NETUID);
  chain.state.set(child.ChildKeys, [[8n, old]], parent, NETUID);
  chain.state.set(child.PendingChildKeys, [[[7n, old]], 5n], NETUID, parent);
  chain.state.set(SubnetOwnerHotkey, old, NETUID);
  chain.state.set(Delegates, 77, old);
  return chain;
}

const swap = (chain: StateHarness, more: Record<string, unknown> = {}, by = coldkey) =>
  chain.run(
    "SubtensorModule.swap_hotkey",
    { hotkey: old, new_hotkey: fresh, netuid: undefined, ...more },
    by,
  );

Deno.test("in all subnets the new hotkey has the uid, the stake, the family, the take and the owner's place", () => {
  const chain = settled();
  const free = () => chain.state.get(Account, coldkey).data.free;
  const before = free();
  const uid = chain.state.get(at.Uids, NETUID, old)!;
  const { events, error } = swap(chain);
  assert.equal(error, undefined);
  assert.deepEqual(events.at(-1), ["HotkeySwapped", { coldkey, old_hotkey: old, new_hotkey: fresh }]);
  assert.equal(before - free(), TAO / 10n);
  const { state } = chain;
  assert.deepEqual([state.get(at.Uids, NETUID, fresh), state.has(at.Uids, NETUID, old)], [uid, false]);
  assert.deepEqual(state.get(at.Keys, NETUID, uid), fresh);
  assert.deepEqual([state.get(at.IsNetworkMember, fresh, NETUID), state.get(Delegates, fresh)], [true, 77]);
  for (
    const [who, netuid, tao] of [[coldkey, NETUID, 30n], [staker, NETUID, 70n], [staker, 0, 5n]] as const
  ) {
    assert.equal(stakeOfColdkey(state, fresh, who, netuid), tao * TAO);
    assert.equal(stakeOfColdkey(state, old, who, netuid), 0n);
  }
  assert.deepEqual(state.get(StakingHotkeys, staker), [fresh]);
  assert.deepEqual(state.get(at.OwnedHotkeys, coldkey), [kid, parent, fresh]);
  assert.deepEqual([state.has(at.Owner, old), state.get(at.Owner, fresh)], [false, coldkey]);
  assert.deepEqual(state.get(SubnetOwnerHotkey, NETUID), fresh);
  assert.deepEqual(state.get(child.ChildKeys, fresh, NETUID), [[9n, kid]]);
  assert.deepEqual(state.get(child.ParentKeys, kid, NETUID), [[9n, fresh]]);
  assert.deepEqual(state.get(child.ParentKeys, fresh, NETUID), [[8n, parent]]);
  assert.deepEqual(state.get(child.ChildKeys, parent, NETUID), [[8n, fresh]]);
  assert.deepEqual(state.get(child.PendingChildKeys, NETUID, parent), [[[7n, fresh]], 5n]);
  assert.equal(chain.nextBlocks(12).some(([name]) => name === "SetChildren"), true);
});

Deno.test("in one subnet the old hotkey keeps what it has elsewhere, and the price is lower", () => {
  const chain = settled();
  const before = chain.state.get(Account, coldkey).data.free;
  const { events, error } = swap(chain, { netuid: NETUID });
  assert.equal(error, undefined);
  assert.equal(events.at(-1)?.[0], "HotkeySwappedOnSubnet");
  const { state } = chain;
  assert.equal(before - state.get(Account, coldkey).data.free, TAO / 1000n);
  assert.equal(stakeOfColdkey(state, old, staker, 0), 5n * TAO);
  assert.equal(stakeOfColdkey(state, fresh, staker, NETUID), 70n * TAO);
  assert.deepEqual([state.get(at.Owner, old), state.get(at.Owner, fresh)], [coldkey, coldkey]);
  assert.deepEqual(state.get(StakingHotkeys, staker), [old, fresh]);
});

Deno.test("swaps are the owner's, into a free hotkey, and not often", () => {
  const chain = settled();
  assert.equal(swap(chain, {}, stranger).error, "NonAssociatedColdKey");
  assert.equal(swap(chain, { new_hotkey: old }).error, "NewHotKeyIsSameWithOld");
  assert.equal(swap(chain, { new_hotkey: kid }).error, "HotKeyAlreadyRegisteredInSubNet");
  assert.equal(swap(chain, { netuid: 9 }).error, "SubnetNotExists");
  const theirs = keyOf("theirs");
  assert.equal(
    chain.run("SubtensorModule.try_associate_hotkey", { hotkey: theirs }, stranger).error,
    undefined,
  );
  assert.equal(swap(chain, { new_hotkey: theirs }).error, "NonAssociatedColdKey");
  assert.equal(swap(chain, { netuid: NETUID }).error, undefined);
  const back = { hotkey: fresh, new_hotkey: old, netuid: NETUID };
  assert.equal(swap(chain, back).error, "HotKeySetTxRateLimitExceeded");
  chain.blockNumber += 1001;
  assert.equal(swap(chain, back).error, "HotKeySwapOnSubnetIntervalNotPassed");
  chain.blockNumber += 36_000;
  assert.equal(swap(chain, back).error, undefined);
  const poor = keyOf("poor");
  chain.fund(poor, TAO / 10n);
  const hotkey = keyOf("poor's");
  assert.equal(chain.run("SubtensorModule.try_associate_hotkey", { hotkey }, poor).error, undefined);
  assert.equal(
    swap(chain, { hotkey, new_hotkey: keyOf("other") }, poor).error,
    "NotEnoughBalanceToPaySwapHotKey",
  );
});
