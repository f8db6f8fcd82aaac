import assert from "node:assert/strict";
import { EMPTY_STATE, Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { totalStakeOf } from "../../../../src/chain/devnet/pallets/subtensor/family.ts";
import * as stake from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";

const hotkey = new Uint8Array(32).fill(1);
const ann = new Uint8Array(32).fill(2);
const ben = new Uint8Array(32).fill(3);
const netuid = 5;

function emptyPool() {
  const state = new TypedState(new Overlay(EMPTY_STATE));
  const add = (coldkey: Uint8Array, amountRao: bigint) =>
    stake.addStake({ state }, { hotkey, coldkey, netuid, amountRao });
  const remove = (coldkey: Uint8Array, amountRao: bigint) =>
    stake.removeStake({ state }, { hotkey, coldkey, netuid, amountRao });
  const of = (coldkey: Uint8Array) => stake.stakeOfColdkey(state, hotkey, coldkey, netuid);
  return { state, add, remove, of };
}

Deno.test("what a hotkey earns belongs to its stakers by their shares, and late comers get none of it", () => {
  const { state, add, of } = emptyPool();
  add(ann, 300n);
  add(ben, 100n);
  stake.growStake({ state }, hotkey, netuid, 400n);
  assert.deepEqual([of(ann), of(ben)], [600n, 200n]);
  add(ben, 800n);
  assert.deepEqual([of(ann), of(ben), stake.stakeOf(state, hotkey, netuid)], [600n, 1000n, 1600n]);
  assert.deepEqual(state.get(at.StakingHotkeys, ben), [hotkey]);
});

Deno.test("taking all of it leaves no record, taking some leaves the others' parts as they were", () => {
  const { state, add, remove, of } = emptyPool();
  add(ann, 1_000_000_007n);
  add(ben, 999_999_937n);
  stake.growStake({ state }, hotkey, netuid, 77n);
  const benHas = of(ben);
  assert.equal(remove(ann, 3n), 3n);
  assert.ok(of(ben) >= benHas);
  assert.equal(remove(ann, 1n << 60n), 1_000_000_007n + 38n - 3n);
  assert.equal(of(ann), 0n);
  assert.equal(state.has(at.Alpha, hotkey, ann, netuid), false);
  remove(ben, of(ben));
  assert.equal(state.has(at.TotalHotkeyShares, hotkey, netuid), false);
});

Deno.test("consensus weighs alpha whole and root stake by its weight", () => {
  const { state, add } = emptyPool();
  add(ann, 1000n);
  stake.addStake({ state }, { hotkey, coldkey: ann, netuid: 0, amountRao: 1000n });
  state.set(at.TaoWeight, 1n << 63n);
  assert.equal(totalStakeOf(state, hotkey, netuid), 1500n);
});
