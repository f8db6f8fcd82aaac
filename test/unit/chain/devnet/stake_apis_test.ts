import assert from "node:assert/strict";
import { toHex } from "../../../../src/base/bytes.ts";
import { EMPTY_STATE, Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { addStake, growStake } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import { Delegates } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";
import { RUNTIME_APIS } from "../../../../src/chain/devnet/runtime/runtime_apis.ts";
import { decodeValue, encodeValue } from "../../../../src/chain/scale/scale_type.ts";

const TAO = 1_000_000_000n;
const NETUID = 3;
const account = (byte: number) => new Uint8Array(32).fill(byte);
const [hotkey, much, little, nobody] = [1, 2, 3, 4].map(account);

/** Two coldkeys with 3 and 1 TAO on one hotkey, which earned 4 more; on two subnets, of which one is gone. */
function stakedState() {
  const overlay = new Overlay(EMPTY_STATE);
  const state = new TypedState(overlay);
  state.set(at.NetworksAdded, true, NETUID);
  state.set(at.NetworksAdded, false, NETUID + 1);
  state.set(at.Owner, much, hotkey);
  state.set(at.Uids, 0, NETUID, hotkey);
  state.set(at.IsNetworkMember, true, hotkey, NETUID);
  state.set(at.ValidatorPermit, [true], NETUID);
  state.set(Delegates, 6553, hotkey);
  addStake({ state }, { hotkey, coldkey: much, netuid: NETUID, amountRao: 3n * TAO });
  addStake({ state }, { hotkey, coldkey: little, netuid: NETUID, amountRao: TAO });
  addStake({ state }, { hotkey, coldkey: little, netuid: NETUID + 1, amountRao: TAO });
  growStake({ state }, hotkey, NETUID, 4n * TAO);
  const keys = (prefix: string) => [...overlay.changes.keys()].filter((key) => key.startsWith(prefix)).sort();
  return { state, keys, metadata: () => undefined };
}

function ask(name: string, ...inputs: unknown[]): any {
  return askAt(stakedState(), name, inputs);
}

function askAt(context: ReturnType<typeof stakedState>, name: string, inputs: readonly unknown[]): any {
  const [api, method] = name.split(".");
  const found = RUNTIME_APIS.find((each) => each.name === api)!.methods.find((each) => each.name === method)!;
  return decodeValue(found.output, encodeValue(found.output, found.run(inputs, context)));
}

Deno.test("a coldkey's stake is its part of what the hotkey has, on the subnets that are there", () => {
  const stakes = ask("StakeInfoRuntimeApi.get_stake_info_for_coldkeys", [much, little, nobody]);
  const told = stakes.map((
    [coldkey, list]: any,
  ) => [coldkey[0], list.map((each: any) => [each.netuid, each.stake])]);
  assert.deepEqual(told, [[2, [[NETUID, 6n * TAO]]], [3, [[NETUID, 2n * TAO]]], [4, []]]);
  const one = ask("StakeInfoRuntimeApi.get_stake_info_for_hotkey_coldkey_netuid", hotkey, little, NETUID);
  assert.deepEqual([one.stake, one.is_registered, toHex(one.coldkey)], [2n * TAO, true, toHex(little)]);
});

Deno.test("a delegate is told with its take, its permits and those whose stake it has", () => {
  const [delegate] = ask("DelegateInfoRuntimeApi.get_delegates");
  assert.deepEqual(
    [delegate.take, delegate.registrations, delegate.validator_permits, toHex(delegate.owner_ss58)],
    [6553, [NETUID], [NETUID], toHex(much)],
  );
  const stakes = delegate.nominators
    .map(([coldkey, list]: any) => [coldkey[0], list.find(([netuid]: any) => netuid === NETUID)])
    .sort(([a]: any, [b]: any) => a - b);
  assert.deepEqual(stakes, [[2, [NETUID, 6n * TAO]], [3, [NETUID, 2n * TAO]]]);
  assert.equal(ask("DelegateInfoRuntimeApi.get_delegate", nobody), undefined);
  const held = ask("DelegateInfoRuntimeApi.get_delegated", much);
  assert.deepEqual(held.map(([, stake]: any) => stake), [[NETUID, 6n * TAO]]);
});

Deno.test("a delegate whose return exceeds 64 bits is told with as much as these hold", () => {
  const context = stakedState();
  const { state } = context;
  state.set(at.Emission, [5_000n * TAO], NETUID);
  state.set(at.Tempo, 1, NETUID);
  addStake({ state }, { hotkey, coldkey: much, netuid: 0, amountRao: 1n });
  const told = askAt(context, "DelegateInfoRuntimeApi.get_delegate", [hotkey]);
  assert.equal(told.return_per_1000, (1n << 64n) - 1n);
  assert.equal(told.total_daily_return, 36_000_000n * TAO);
});
