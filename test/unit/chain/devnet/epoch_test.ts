/** Epochs of the local chain: when they are, what they write, whom they pay. */
import assert from "node:assert/strict";
import { blockEmission } from "../../../../src/chain/devnet/pallets/subtensor/emission.ts";
import { isEpochBlock } from "../../../../src/chain/devnet/pallets/subtensor/epoch.ts";
import * as epoch from "../../../../src/chain/devnet/pallets/subtensor/epoch_storage.ts";
import { addStake, stakeOf, stakeOfColdkey } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const TEMPO = 10;
const coldkey = keyOf("coldkey");
const [validator, miner, other] = ["validator", "miner", "other miner"].map(keyOf);
/** What is left of a block's emission when the owner has its 18 %, 11796 of 65535. */
const SHARED_RAO = TAO - TAO * 11_796n / 65_535n;

/** Three neurons in block 1, of which the first has stake; epochs in blocks 8, 19, 30 and so on. */
function threeNeurons(stakeRao = 100n * TAO): StateHarness {
  const chain = new StateHarness();
  chain.state.set(at.Tempo, TEMPO, NETUID);
  chain.fund(coldkey, 1000n * TAO);
  for (const hotkey of [validator, miner, other]) {
    assert.equal(
      chain.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey }, coldkey).error,
      undefined,
    );
  }
  if (stakeRao > 0n) addStake(chain, { hotkey: validator, coldkey, netuid: NETUID, amountRao: stakeRao });
  return chain;
}
const toBlock = (chain: StateHarness, block: number) => chain.nextBlocks(block - chain.blockNumber);
const weigh = (chain: StateHarness, dests: number[], weights: number[]) =>
  chain.run("SubtensorModule.set_weights", { netuid: NETUID, dests, weights, version_key: 0n }, validator)
    .error;

Deno.test("epochs come when block and netuid fill the tempo, never with tempo zero (blocks_until_next_epoch)", () => {
  const first = (netuid: number, tempo: number) => {
    for (let block = 0; block < 200; block++) if (isEpochBlock(block, netuid, tempo)) return block;
  };
  const table = [[1, 0, 0], [1, 1, 1], [2, 0, 1], [2, 1, 0], [100, 0, 99], [100, 1, 98]];
  for (const [tempo, netuid, block] of table) assert.equal(first(netuid, tempo), block);
  assert.equal(first(1, 0), undefined);
});

Deno.test("a block emits one token, halved whenever half of the rest is out, and none when all is", () => {
  const supply = 21_000_000n * TAO;
  assert.equal(blockEmission(0n), TAO);
  assert.equal(blockEmission(supply / 2n - 1n), TAO);
  assert.equal(blockEmission(supply / 2n), TAO / 2n);
  assert.equal(blockEmission(supply * 3n / 4n), TAO / 4n);
  assert.equal(blockEmission(supply - 1n), TAO >> 54n);
  assert.equal(blockEmission(supply), 0n);
});

Deno.test("a new neuron has no permit; the next epoch gives one to who has stake", () => {
  const chain = threeNeurons();
  assert.deepEqual(chain.state.get(at.ValidatorPermit, NETUID), [false, false, false]);
  assert.equal(weigh(chain, [1], [1]), "NeuronNoValidatorPermit");
  toBlock(chain, 7);
  assert.equal(chain.state.get(subnet.BlocksSinceLastStep, NETUID), 6n);
  assert.deepEqual(chain.state.get(at.ValidatorPermit, NETUID), [false, false, false]);
  toBlock(chain, 8);
  assert.deepEqual(chain.state.get(at.ValidatorPermit, NETUID), [true, false, false]);
  assert.equal(chain.state.get(subnet.BlocksSinceLastStep, NETUID), 0n);
  assert.equal(chain.state.get(subnet.LastMechansimStepBlock, NETUID), 8n);
  assert.equal(weigh(chain, [1], [1]), undefined);
});

Deno.test("what is emitted waits, and the epoch pays all of it to the only staker while nobody is weighed", () => {
  const chain = threeNeurons();
  const { state } = chain;
  toBlock(chain, 7);
  assert.equal(state.get(subnet.PendingEmission, NETUID), 6n * SHARED_RAO);
  assert.equal(state.get(epoch.PendingOwnerCut, NETUID), 6n * (TAO - SHARED_RAO));
  assert.equal(state.get(subnet.SubnetAlphaOut, NETUID), 6n * TAO);
  toBlock(chain, 8);
  assert.equal(state.get(subnet.PendingEmission, NETUID), 0n);
  assert.equal(state.get(epoch.PendingOwnerCut, NETUID), 0n);
  assertNear(stakeOf(state, validator, NETUID), 100n * TAO + 7n * SHARED_RAO);
  assert.deepEqual([miner, other].map((hotkey) => stakeOf(state, hotkey, NETUID)), [0n, 0n]);
});

Deno.test("half goes to miners by weight, half to the validator and its stakers after the take", () => {
  const chain = threeNeurons();
  const { state } = chain;
  const nominator = keyOf("nominator");
  addStake(chain, { hotkey: validator, coldkey: nominator, netuid: NETUID, amountRao: 100n * TAO });
  toBlock(chain, 8);
  assert.equal(weigh(chain, [1, 2], [3, 1]), undefined);
  const before = [coldkey, nominator].map((each) => stakeOfColdkey(state, validator, each, NETUID));
  toBlock(chain, 19);
  assert.deepEqual(state.get(at.Incentive, NETUID), [0, 49151, 16383]);
  assert.deepEqual(state.get(at.Rank, NETUID), [0, 49151, 16383]);
  assert.deepEqual(state.get(at.Trust, NETUID), [0, 65535, 65535]);
  assert.deepEqual(state.get(at.Consensus, NETUID), [0, 49151, 16383]);
  assert.deepEqual(state.get(at.Dividends, NETUID), [65535, 0, 0]);
  assert.deepEqual(state.get(at.ValidatorTrust, NETUID), [65535, 0, 0]);
  assert.deepEqual(state.get(epoch.StakeWeight, NETUID), [65535, 0, 0]);
  assert.deepEqual(state.get(at.Active, NETUID), [true, true, true]);
  assert.deepEqual(state.get(at.Bonds, NETUID, 0), [[1, 65535], [2, 65535]]);
  const half = 11n * SHARED_RAO / 2n;
  assertNear(stakeOf(state, miner, NETUID), half * 3n / 4n);
  assertNear(stakeOf(state, other, NETUID), half / 4n);
  assertNear(state.get(at.Emission, NETUID).reduce((a, b) => a + b), 2n * half);
  const take = half * 11_796n / 65_535n;
  const gained = [coldkey, nominator].map((each, i) =>
    stakeOfColdkey(state, validator, each, NETUID) - before[i]
  );
  assertNear(gained[0] + gained[1], half);
  assert.ok(gained[0] - gained[1] > take * 9n / 10n, "the hotkey's owner has the take besides its share");
  assertNear(state.get(subnet.AlphaDividendsPerSubnet, NETUID, validator), half - take);
});

Deno.test("the owner's cut is stake on its hotkey, which earns nothing as a miner", () => {
  const chain = threeNeurons();
  const { state } = chain;
  state.set(subnet.SubnetOwnerHotkey, miner, NETUID);
  toBlock(chain, 8);
  assert.equal(weigh(chain, [1, 2], [1, 1]), undefined);
  const cut = stakeOf(state, miner, NETUID);
  assert.equal(cut, 7n * (TAO - SHARED_RAO));
  toBlock(chain, 19);
  assert.equal(stakeOf(state, miner, NETUID) - cut, 11n * (TAO - SHARED_RAO));
  assertNear(stakeOf(state, other, NETUID), 11n * SHARED_RAO / 4n);
});

Deno.test("TAO on the root network earns TAO there, out of the validators' half", () => {
  const chain = threeNeurons(0n);
  const { state } = chain;
  addStake(chain, { hotkey: validator, coldkey, netuid: 0, amountRao: 1000n * TAO });
  state.set(subnet.SubnetTAO, 1000n * TAO, 0);
  toBlock(chain, 8);
  assert.equal(weigh(chain, [1], [1]), undefined);
  const before = stakeOf(state, validator, 0);
  toBlock(chain, 18);
  const pending = state.get(subnet.PendingRootDivs, NETUID);
  assert.ok(pending > 9n * SHARED_RAO / 4n && pending < 10n * SHARED_RAO / 2n);
  assert.equal(state.get(epoch.PendingAlphaSwapped, NETUID), pending);
  toBlock(chain, 19);
  const earned = stakeOf(state, validator, 0) - before;
  assert.ok(earned > pending);
  assert.equal(state.get(subnet.SubnetTAO, 0) - 1000n * TAO, earned + before - 1000n * TAO);
  assertNear(stakeOf(state, miner, NETUID), 11n * SHARED_RAO / 2n);
});

Deno.test("a subnet that has not started has epochs without emission, the root network none", () => {
  const chain = threeNeurons();
  const { state } = chain;
  state.set(subnet.SubtokenEnabled, false, NETUID);
  toBlock(chain, 8);
  assert.deepEqual(state.get(at.ValidatorPermit, NETUID), [true, false, false]);
  assert.equal(state.get(subnet.SubnetAlphaOut, NETUID), 0n);
  assert.equal(stakeOf(state, validator, NETUID), 100n * TAO);
  toBlock(chain, 110);
  assert.equal(state.get(subnet.LastMechansimStepBlock, 0), 0n);
});

/** Shares are rounded down on the way: a rao in a billion. */
function assertNear(actual: bigint, expected: bigint): void {
  const difference = actual > expected ? actual - expected : expected - actual;
  assert.ok(difference * 100_000_000n <= expected + 1_000_000_000n, `${actual} is near ${expected}`);
}
