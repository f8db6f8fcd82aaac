import assert from "node:assert/strict";
import { WeightCommits } from "../../../../src/chain/devnet/pallets/subtensor/commit_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { RevealPeriodEpochs } from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { weightsCommitHash } from "../../../../src/chain/timelock/mod.ts";
import { MINER, NETUID, STRANGER, VALIDATOR, ValidatorHarness } from "./validator_harness.ts";

const OPINION = { uids: [1, 2], values: [1, 2], salt: [7, 7] };

class Committer extends ValidatorHarness {
  constructor() {
    super();
    this.state.set(at.CommitRevealWeightsEnabled, true, NETUID);
    this.state.set(at.WeightsSetRateLimit, 0n, NETUID);
  }

  commit(salt: number[] = OPINION.salt, hotkey = VALIDATOR) {
    return this.call("commit_weights", { commit_hash: hashOf(salt, hotkey) }, hotkey);
  }

  reveal(salt: number[] = OPINION.salt, hotkey = VALIDATOR) {
    return this.call("reveal_weights", { ...OPINION, salt, version_key: 0n }, hotkey);
  }
}

function hashOf(salt: number[], hotkey = VALIDATOR): Uint8Array {
  return weightsCommitHash({ ...OPINION, salt, hotkey, netuid: NETUID, versionKey: 0n });
}

Deno.test("committed weights are revealed in the epoch after the commit's, from its first block to its last", () => {
  // Epoch 1 is blocks 9 to 19, epoch 2 is 20 to 30.
  const tries = { 19: "RevealTooEarly", 20: undefined, 30: undefined, 31: "ExpiredWeightCommit" };
  for (const [block, expected] of Object.entries(tries)) {
    const chain = new Committer();
    chain.toBlock(10);
    assert.deepEqual(chain.commit().events, [["WeightsCommitted", [VALIDATOR, NETUID, hashOf([7, 7])]]]);
    assert.deepEqual(chain.state.get(WeightCommits, NETUID, VALIDATOR), [[hashOf([7, 7]), 10n, 20n, 30n]]);
    chain.toBlock(Number(block));
    const { error, events } = chain.reveal();
    assert.equal(error, expected, block);
    if (error) continue;
    assert.deepEqual(events.map(([name]) => name), ["WeightsSet", "WeightsRevealed"]);
    assert.deepEqual(chain.weightsOf(0), [[1, 32768], [2, 65535]]);
    assert.equal(chain.state.get(at.LastUpdate, NETUID)[0], 10n, "the commit counts as the update");
    assert.equal(chain.reveal().error, "NoWeightsCommitFound");
  }
});

Deno.test("a longer reveal period moves the window", () => {
  const chain = new Committer();
  chain.state.set(RevealPeriodEpochs, 3n, NETUID);
  chain.toBlock(19);
  chain.commit();
  chain.toBlock(41);
  assert.equal(chain.reveal().error, "RevealTooEarly");
  chain.toBlock(42);
  assert.equal(chain.reveal().error, undefined);
});

Deno.test("commits are refused without commit-reveal, to strangers, too soon, and beyond ten", () => {
  const chain = new Committer();
  const { state } = chain;
  chain.toBlock(9);
  state.set(at.CommitRevealWeightsEnabled, false, NETUID);
  assert.equal(chain.commit().error, "CommitRevealDisabled");
  assert.equal(chain.reveal().error, "CommitRevealDisabled");
  state.set(at.CommitRevealWeightsEnabled, true, NETUID);
  assert.equal(chain.commit([1], STRANGER).error, "HotKeyNotRegisteredInSubNet");
  for (let i = 0; i < 10; i++) assert.equal(chain.commit([i]).error, undefined);
  assert.equal(chain.commit([10]).error, "TooManyUnrevealedCommits");
  assert.equal(chain.commit([0], MINER).error, undefined);
  state.set(at.WeightsSetRateLimit, 30n, NETUID);
  chain.toBlock(38);
  assert.equal(chain.commit([11]).error, "CommittingWeightsTooFast");
  chain.toBlock(39);
  assert.equal(chain.commit([11]).error, undefined, "the ten have expired");
});

Deno.test("a reveal must fit a commit, and takes the earlier ones with it", () => {
  const chain = new Committer();
  assert.equal(chain.reveal().error, "NoWeightsCommitFound");
  for (const salt of [[1], [2], [3]]) chain.commit(salt);
  chain.toBlock(9);
  assert.equal(chain.reveal([4]).error, "InvalidRevealCommitHashNotMatch");
  assert.equal(chain.reveal([2]).error, undefined);
  assert.equal(chain.reveal([1]).error, "InvalidRevealCommitHashNotMatch");
  assert.equal(chain.reveal([3]).error, undefined);
});

Deno.test("weights that a check refuses stay committed, to be revealed when it no longer does", () => {
  const chain = new Committer();
  chain.commit([1], MINER);
  chain.toBlock(9);
  assert.equal(chain.reveal([1], MINER).error, "NeuronNoValidatorPermit");
  chain.state.set(at.ValidatorPermit, [true, true, false], NETUID);
  assert.equal(chain.reveal([1], MINER).error, undefined);
});

Deno.test("several reveals in one call are all valid or none counts", () => {
  const chain = new Committer();
  for (const salt of [[1], [2]]) chain.commit(salt);
  chain.toBlock(9);
  const batch = (salts: number[][]) =>
    chain.call("batch_reveal_weights", {
      uids_list: salts.map(() => OPINION.uids),
      values_list: salts.map(() => OPINION.values),
      salts_list: salts,
      version_keys: salts.map(() => 0n),
    });
  assert.equal(batch([[1], [5]]).error, "InvalidRevealCommitHashNotMatch");
  assert.equal(batch([[1], [1]]).error, "InvalidRevealCommitHashNotMatch");
  assert.deepEqual(chain.weightsOf(0), []);
  assert.deepEqual(batch([[2], [1]]).events.at(-1), ["WeightsBatchRevealed", [VALIDATOR, NETUID, [
    hashOf([2]),
    hashOf([1]),
  ]]]);
  assert.equal(chain.state.has(WeightCommits, NETUID, VALIDATOR), false);
  const unequal = { uids_list: [[1]], values_list: [], salts_list: [[1]], version_keys: [0n] };
  assert.equal(chain.call("batch_reveal_weights", unequal).error, "InputLengthsUnequal");
});

Deno.test("a batch of commits commits where it can", () => {
  const chain = new Committer();
  const { error, events } = chain.call("batch_commit_weights", {
    netuids: [9, NETUID],
    commit_hashes: [hashOf([1]), hashOf([2])],
  });
  assert.equal(error, undefined);
  assert.deepEqual(events.map(([name]) => name), [
    "WeightsCommitted",
    "BatchCompletedWithErrors",
    "BatchWeightItemFailed",
    "BatchWeightsCompleted",
  ]);
  const unequal = chain.call("batch_commit_weights", { netuids: [NETUID], commit_hashes: [] });
  assert.equal(unequal.error, "InputLengthsUnequal");
});

Deno.test("a reveal period beyond all blocks is kept as the last of 64 bits", () => {
  const chain = new Committer();
  chain.state.set(RevealPeriodEpochs, (1n << 64n) - 1n, NETUID);
  assert.equal(chain.commit().error, undefined);
  const [[, , first, last]] = chain.state.get(WeightCommits, NETUID, VALIDATOR)!;
  assert.deepEqual([first, last], [(1n << 64n) - 1n, (1n << 64n) - 1n]);
});
