import assert from "node:assert/strict";
import { sha256Sync } from "../../../../src/base/bytes.ts";
import {
  BeaconConfig,
  BeaconSecret,
  LastStoredRound,
  Pulses,
} from "../../../../src/chain/devnet/pallets/drand.ts";
import { Now } from "../../../../src/chain/devnet/pallets/timestamp.ts";
import { isRoundSignature, QUICKNET } from "../../../../src/chain/timelock/mod.ts";
import { type Ran, StateHarness } from "./state_harness.ts";

function beginAt(chain: StateHarness, second: number): Ran["events"] {
  chain.state.set(Now, BigInt(second) * 1000n);
  return chain.nextBlocks(1);
}

Deno.test("the pulse of each round that is due is in the chain, signed by the key that it tells", () => {
  const chain = new StateHarness();
  const { state } = chain;
  const { public_key, period, genesis_time } = state.get(BeaconConfig);
  assert.deepEqual([period, genesis_time], [3, 0]);
  assert.notDeepEqual(public_key, QUICKNET.publicKey);
  assert.deepEqual(beginAt(chain, 0), [["NewPulse", { rounds: [1n] }]]);
  assert.deepEqual(beginAt(chain, 2), []);
  assert.deepEqual(beginAt(chain, 8), [["NewPulse", { rounds: [2n, 3n] }]]);
  assert.equal(state.get(LastStoredRound), 3n);
  for (const round of [1n, 2n, 3n]) {
    const pulse = state.get(Pulses, round)!;
    assert.equal(pulse.round, round);
    assert.deepEqual(pulse.randomness, sha256Sync(pulse.signature));
    assert.ok(isRoundSignature(round, pulse.signature, public_key));
  }
});

Deno.test("after a pause only the newest rounds are put in; an hour of them is kept", () => {
  const chain = new StateHarness();
  beginAt(chain, 0);
  beginAt(chain, 3 * 1199); // round 1200
  const { state } = chain;
  assert.equal(state.get(LastStoredRound), 1200n);
  assert.deepEqual([1n, 2n, 1196n, 1197n].map((round) => state.has(Pulses, round)), [
    true,
    false,
    false,
    true,
  ]);
  beginAt(chain, 3 * 1200);
  assert.equal(state.has(Pulses, 1n), false);
});

Deno.test("every chain has a beacon of its own; one whose beacon is elsewhere makes no pulses", () => {
  const chain = new StateHarness();
  assert.equal(chain.state.get(BeaconSecret).length, 32);
  chain.state.set(BeaconSecret, new Uint8Array());
  assert.deepEqual(beginAt(chain, 100), []);
  assert.equal(chain.state.get(LastStoredRound), 0n);
});
