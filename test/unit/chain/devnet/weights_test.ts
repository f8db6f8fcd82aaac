import assert from "node:assert/strict";
import { StakeThreshold } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { isMaxLimited, maxUpscale } from "../../../../src/chain/devnet/pallets/subtensor/weight_scaling.ts";
import { MINER, NETUID, STRANGER, VALIDATOR, ValidatorHarness } from "./validator_harness.ts";

Deno.test("weights are stored with the largest at 65535, and the block is remembered", () => {
  const chain = new ValidatorHarness();
  chain.toBlock(5);
  const { error, events } = chain.call("set_weights", { dests: [1, 2], weights: [1, 3], version_key: 0n });
  assert.equal(error, undefined);
  assert.deepEqual(events, [["WeightsSet", [NETUID, 0]]]);
  assert.deepEqual(chain.weightsOf(0), [[1, 21845], [2, 65535]]);
  assert.deepEqual(chain.state.get(at.LastUpdate, NETUID), [5n, 1n, 1n]);
});

Deno.test("each check of weights refuses with its error, the earlier check first", () => {
  const chain = new ValidatorHarness();
  const { state } = chain;
  state.set(at.WeightsVersionKey, 7n, NETUID);
  state.set(at.WeightsSetRateLimit, 3n, NETUID);
  state.set(at.MinAllowedWeights, 2, NETUID);
  state.set(at.MaxWeightsLimit, 0x7fff, NETUID);
  state.set(StakeThreshold, 1n);
  const set = (dests: number[], weights: number[], version = 0n, hotkey = VALIDATOR) =>
    chain.setWeights(dests, weights, { version, hotkey });
  const to = (netuid: number, dests: number[]) =>
    chain.run("SubtensorModule.set_weights", { netuid, dests, weights: [1], version_key: 0n }, STRANGER)
      .error;

  assert.equal(to(0, [1, 2]), "CanNotSetRootNetworkWeights");
  assert.equal(to(9, [1, 2]), "WeightVecNotEqualSize");
  assert.equal(to(9, [1]), "SubNetworkDoesNotExist");
  assert.equal(set([1, 1, 1, 9], [1, 1, 1, 1], 0n, STRANGER), "UidsLengthExceedUidsInSubNet");
  assert.equal(set([9, 9], [1, 1], 0n, STRANGER), "HotKeyNotRegisteredInSubNet");
  assert.equal(set([9, 9], [1, 1], 0n, MINER), "NotEnoughStakeToSetWeights");
  state.set(StakeThreshold, 0n);
  assert.equal(set([9, 9], [1, 1], 6n, MINER), "IncorrectWeightVersionKey");
  assert.equal(set([9, 9], [1, 1], 7n, MINER), "SettingWeightsTooFast");
  chain.blockNumber += 3;
  assert.equal(set([9, 9], [1, 1], 7n, MINER), "NeuronNoValidatorPermit");
  assert.equal(set([9, 9], [1, 1], 7n), "DuplicateUids");
  assert.equal(set([9], [1], 7n), "UidVecContainInvalidOne");
  assert.equal(set([1], [1], 7n), "WeightVecLengthIsLow");
  assert.equal(set([1, 2], [1, 2], 7n), "MaxWeightExceeded");
  assert.equal(set([1, 2, 0], [1, 1, 1], 8n), undefined);
});

Deno.test("nobody needs a permit, company or moderation to weigh itself alone", () => {
  const chain = new ValidatorHarness();
  chain.state.set(at.MinAllowedWeights, 3, NETUID);
  chain.state.set(at.MaxWeightsLimit, 100, NETUID);
  assert.equal(chain.setWeights([1], [5], { hotkey: MINER }), undefined);
  assert.deepEqual(chain.weightsOf(1), [[1, 65535]]);
});

Deno.test("the rate limit counts from the last weights, to the block", () => {
  const chain = new ValidatorHarness();
  chain.state.set(at.WeightsSetRateLimit, 5n, NETUID);
  chain.toBlock(5);
  assert.equal(chain.setWeights([1], [1]), "SettingWeightsTooFast");
  chain.toBlock(6);
  assert.equal(chain.setWeights([1], [1]), undefined);
  chain.toBlock(10);
  assert.equal(chain.setWeights([1], [1]), "SettingWeightsTooFast");
  chain.toBlock(11);
  assert.equal(chain.setWeights([1], [1]), undefined);
});

Deno.test("under commit-reveal plain weights are refused, alone and in a batch", () => {
  const chain = new ValidatorHarness();
  chain.state.set(at.CommitRevealWeightsEnabled, true, NETUID);
  assert.equal(chain.setWeights([1], [1]), "CommitRevealEnabled");
  const batch = { netuids: [NETUID], weights: [[[1, 1]]], version_keys: [0n] };
  const { events } = chain.call("batch_set_weights", batch);
  assert.deepEqual(events.map(([name]) => name), [
    "BatchCompletedWithErrors",
    "BatchWeightItemFailed",
    "BatchWeightsCompleted",
  ]);
});

Deno.test("a batch of weights sets what it can and tells what it cannot", () => {
  const chain = new ValidatorHarness();
  const batch = {
    netuids: [9, NETUID],
    weights: [[[1, 1]], [[1, 1], [2, 1]]],
    version_keys: [0n, 0n],
  };
  const { error, events } = chain.call("batch_set_weights", batch);
  assert.equal(error, undefined);
  assert.deepEqual(events.map(([name]) => name), [
    "WeightsSet",
    "BatchCompletedWithErrors",
    "BatchWeightItemFailed",
    "BatchWeightsCompleted",
  ]);
  assert.deepEqual(chain.weightsOf(0), [[1, 65535], [2, 65535]]);
  const unequal = chain.call("batch_set_weights", { ...batch, version_keys: [0n] });
  assert.equal(unequal.error, "InputLengthsUnequal");
});

Deno.test("scaling rounds as the runtime's fixed point does, on both sides of half the range", () => {
  assert.deepEqual(maxUpscale([]), []);
  assert.deepEqual(maxUpscale([0, 0]), [0, 0]);
  assert.deepEqual(maxUpscale([1, 2, 3]), [21845, 43690, 65535]);
  assert.deepEqual(maxUpscale([32768, 16384, 1]), [65535, 32768, 2]);
  // 65535/40000 is cut off to 32 bits behind the point: 40000 of it fall short of 65535 by 2⁻²⁰ and are rounded up.
  assert.deepEqual(maxUpscale([40000, 20000, 1]), [65535, 32767, 2]);
  assert.deepEqual(maxUpscale([65535, 1]), [65535, 1]);
});

Deno.test("the limit is on the share of the sum", () => {
  assert.ok(isMaxLimited([1, 1, 1, 1], 0x3fff + 1));
  assert.ok(!isMaxLimited([1, 1, 1, 1], 0x3fff));
  assert.ok(isMaxLimited([0, 0], 1));
  assert.ok(isMaxLimited([], 0));
});
