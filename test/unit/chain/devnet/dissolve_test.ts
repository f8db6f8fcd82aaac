import assert from "node:assert/strict";
import { TotalIssuance } from "../../../../src/chain/devnet/pallets/balances.ts";
import {
  CommitmentOf,
  RevealedCommitments,
  TimelockedIndex,
} from "../../../../src/chain/devnet/pallets/commitment_types.ts";
import {
  CRV3WeightCommits,
  LockedEpochs,
  WeightCommits,
} from "../../../../src/chain/devnet/pallets/subtensor/commit_storage.ts";
import { PaidHotkeys } from "../../../../src/chain/devnet/pallets/subtensor/epoch_storage.ts";
import { growStake, stakeOf, stakersOn } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import {
  Alpha,
  TotalHotkeyAlpha,
  TotalHotkeyShares,
} from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import type { AnyEntry } from "../../../../src/chain/devnet/pallets/storage_entry.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NEW = 2;
const founder = keyOf("founder");
const staker = keyOf("staker");
const hotkey = keyOf("founder's hotkey");
const miner = keyOf("miner");

/** Two staked on the founder's hotkey, 5 TAO and 3 TAO, and it has earned as much again; one of them also elsewhere. */
function staked(): StateHarness {
  const chain = new StateHarness();
  chain.fund(founder, 10_000n * TAO);
  chain.fund(staker, 100n * TAO);
  chain.run("SubtensorModule.register_network", { hotkey }, founder);
  chain.run("SubtensorModule.burned_register", { netuid: 1, hotkey: miner }, staker);
  chain.state.set(subnet.SubtokenEnabled, true, NEW);
  const stake = (who: Uint8Array, netuid: number, on: Uint8Array, tao: bigint) =>
    chain.run("SubtensorModule.add_stake", { hotkey: on, netuid, amount_staked: tao * TAO }, who).error;
  assert.deepEqual([stake(founder, NEW, hotkey, 5n), stake(staker, NEW, hotkey, 3n)], [undefined, undefined]);
  assert.equal(stake(staker, 1, miner, 7n), undefined);
  growStake(chain, hotkey, NEW, 8n * TAO);
  return chain;
}

const dissolve = (chain: StateHarness) =>
  chain.run("SubtensorModule.dissolve_network", { coldkey: founder, netuid: NEW }, "root");

Deno.test("who staked on a subnet that is dissolved has the stake as TAO, and nobody else loses or gains", () => {
  const chain = staked();
  const { state } = chain;
  const before = [founder, staker].map((who) => chain.freeRao(who));
  const issued = state.get(TotalIssuance);
  const { error, events } = dissolve(chain);
  assert.equal(error, undefined);
  const after = [founder, staker].map((who) => chain.freeRao(who));
  assert.deepEqual(after.map((rao, i) => rao - before[i]), [1010n * TAO, 6n * TAO]);
  assert.equal(state.get(TotalIssuance) - issued, 1016n * TAO);
  assert.equal(events.filter(([name]) => name === "StakeRemoved").length, 2);
  assert.deepEqual([stakersOn(state, NEW), stakeOf(state, hotkey, NEW)], [[], 0n]);
  assert.equal(state.has(TotalHotkeyShares, hotkey, NEW), false);
  assert.equal(stakeOf(state, miner, 1), 7n * TAO);
});

Deno.test("too little for an account that there is not is lost, and the rest of the subnet goes all the same", () => {
  const chain = staked();
  const { state } = chain;
  state.set(TotalHotkeyAlpha, 499n, miner, NEW);
  state.set(TotalHotkeyShares, 499n << 64n, miner, NEW);
  state.set(Alpha, 499n << 64n, miner, keyOf("nobody"), NEW);
  assert.equal(dissolve(chain).error, undefined);
  assert.equal(chain.freeRao(keyOf("nobody")), 0n);
  assert.deepEqual(stakersOn(state, NEW), []);
});

Deno.test("the next subnet of the netuid finds nothing that the last one published, committed or was paid", () => {
  const chain = staked();
  const { state } = chain;
  const commitment = { deposit: 0n, block: 1, info: { fields: [{ name: "None" }] } };
  for (const netuid of [1, NEW]) {
    state.set(subnet.AlphaDividendsPerSubnet, 5n, netuid, hotkey);
    state.set(subnet.TaoDividendsPerSubnet, 5n, netuid, hotkey);
    state.set(PaidHotkeys, [hotkey], netuid);
    state.set(CommitmentOf, commitment, netuid, hotkey);
    state.set(RevealedCommitments, [[hotkey, 1n]], netuid, hotkey);
    state.set(WeightCommits, [[hotkey, 1n, 2n, 3n]], netuid, hotkey);
    state.set(CRV3WeightCommits, [[hotkey, new Uint8Array(9), 1n]], netuid, 4n);
    state.set(LockedEpochs, [4n], netuid);
  }
  state.set(TimelockedIndex, [[1, hotkey], [NEW, hotkey]]);
  assert.equal(dissolve(chain).error, undefined);
  const byHotkey: AnyEntry[] = [
    subnet.AlphaDividendsPerSubnet,
    subnet.TaoDividendsPerSubnet,
    CommitmentOf,
    RevealedCommitments,
    WeightCommits,
  ];
  for (const [netuid, isThere] of [[1, true], [NEW, false]] as const) {
    for (const entry of byHotkey) {
      assert.equal(state.has(entry, netuid, hotkey), isThere, entry.name);
    }
    assert.equal(state.has(CRV3WeightCommits, netuid, 4n), isThere);
    for (const entry of [LockedEpochs, PaidHotkeys] as AnyEntry[]) {
      assert.equal(state.has(entry, netuid), isThere, entry.name);
    }
  }
  assert.deepEqual(state.get(TimelockedIndex), [[1, hotkey]]);
});
