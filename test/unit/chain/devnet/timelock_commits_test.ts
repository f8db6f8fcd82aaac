import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { BeaconConfig, BeaconSecret, Pulses } from "../../../../src/chain/devnet/pallets/drand.ts";
import {
  CRV3WeightCommits,
  LockedEpochs,
} from "../../../../src/chain/devnet/pallets/subtensor/commit_storage.ts";
import { addStake } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { Now } from "../../../../src/chain/devnet/pallets/timestamp.ts";
import { decodeValue } from "../../../../src/chain/scale/scale_type.ts";
import { encodeWeightsPayload, timelockEncrypt } from "../../../../src/chain/timelock/mod.ts";
import { COMMITTER, recordedArguments, ROUND, SIGNATURE } from "../timelock/vectors.ts";
import type { Ran } from "./state_harness.ts";
import { MINER, NETUID, STRANGER, VALIDATOR, ValidatorHarness } from "./validator_harness.ts";

const WEIGHTS = { uids: [1, 2], values: [3, 1], versionKey: 0n };
const names = (events: Ran["events"]) => events.map(([name]) => name);

/** A block takes a second, a round three. */
class LockingChain extends ValidatorHarness {
  constructor() {
    super();
    this.state.set(at.CommitRevealWeightsEnabled, true, NETUID);
    this.state.set(at.WeightsSetRateLimit, 0n, NETUID);
  }

  override nextBlocks(count: number): Ran["events"] {
    return Array.from({ length: count }, () => {
      this.state.set(Now, BigInt(this.blockNumber) * 1000n);
      return super.nextBlocks(1);
    }).flat();
  }

  commit(round: number, options: { payload?: Uint8Array; hotkey?: Uint8Array } = {}): Ran {
    const { payload = encodeWeightsPayload(WEIGHTS), hotkey = VALIDATOR } = options;
    const { public_key: publicKey } = this.state.get(BeaconConfig);
    const random = (byteCount: number) => new Uint8Array(byteCount).fill(3);
    const commit = timelockEncrypt(payload, { round, publicKey, random });
    return this.call("commit_crv3_weights", { commit, reveal_round: BigInt(round) }, hotkey);
  }
}

Deno.test("locked weights are opened by the chain in the block in which consensus runs, an epoch later", () => {
  const chain = new LockingChain();
  chain.toBlock(10);
  assert.deepEqual(names(chain.commit(6).events), ["CRV3WeightsCommitted"]);
  assert.equal(chain.state.get(at.LastUpdate, NETUID)[0], 10n);
  assert.ok(names(chain.toBlock(18)).every((name) => name === "NewPulse"));
  assert.deepEqual(chain.weightsOf(0), []);
  assert.deepEqual(names(chain.toBlock(19)).slice(0, 2), ["WeightsSet", "CRV3WeightsRevealed"]);
  assert.deepEqual(chain.weightsOf(0), [[1, 65535], [2, 21845]]);
  assert.deepEqual(chain.state.get(CRV3WeightCommits, NETUID, 1n), []);
  assert.deepEqual(chain.state.get(LockedEpochs, NETUID), []);
});

Deno.test("a commit in the block in which consensus runs belongs to the next epoch", () => {
  const chain = new LockingChain();
  chain.toBlock(19);
  chain.commit(6);
  assert.ok(!names(chain.toBlock(29)).includes("CRV3WeightsRevealed"));
  assert.ok(names(chain.toBlock(30)).includes("CRV3WeightsRevealed"));
});

Deno.test("a pulse that comes late is waited for until the epoch is over, no longer", () => {
  const chain = new LockingChain();
  chain.toBlock(10);
  chain.commit(8); // begins at second 21, so that block 22 has it
  chain.commit(13, { hotkey: VALIDATOR }); // second 36
  assert.ok(!names(chain.toBlock(22)).includes("CRV3WeightsRevealed"));
  assert.ok(names(chain.toBlock(23)).includes("CRV3WeightsRevealed"));
  assert.equal(chain.state.get(CRV3WeightCommits, NETUID, 1n).length, 1);
  chain.toBlock(29);
  assert.equal(chain.state.get(CRV3WeightCommits, NETUID, 1n).length, 1);
  chain.toBlock(30);
  assert.deepEqual(chain.state.get(CRV3WeightCommits, NETUID, 1n), []);
});

Deno.test("the hotkey may be in the message; another's is not accepted", () => {
  const chain = new LockingChain();
  chain.state.set(at.ValidatorPermit, [true, true, false], NETUID);
  chain.toBlock(10);
  const payload = encodeWeightsPayload({ ...WEIGHTS, hotkey: VALIDATOR });
  chain.commit(5, { payload });
  chain.commit(5, { payload, hotkey: MINER });
  const events = chain.toBlock(19);
  const revealed = events.filter(([name]) => name === "CRV3WeightsRevealed");
  assert.deepEqual(revealed, [["CRV3WeightsRevealed", [NETUID, VALIDATOR]]]);
  assert.deepEqual(chain.weightsOf(1), []);
});

Deno.test("what does not open or is no weights is dropped, and what came after it is not", () => {
  const chain = new LockingChain();
  chain.toBlock(10);
  chain.call("commit_crv3_weights", { commit: new Uint8Array(300), reveal_round: 5n });
  chain.call("commit_crv3_weights", { commit: new Uint8Array(), reveal_round: 5n });
  chain.commit(5, { payload: new Uint8Array(9).fill(255) });
  chain.commit(5, { payload: encodeWeightsPayload({ ...WEIGHTS, uids: [1, 9] }) });
  chain.commit(5, { hotkey: MINER }); // has no permit
  chain.commit(5);
  const events = names(chain.toBlock(19)).filter((name) => name !== "NewPulse");
  assert.deepEqual(events, ["WeightsSet", "CRV3WeightsRevealed"]);
  assert.deepEqual(chain.weightsOf(0), [[1, 65535], [2, 21845]]);
});

Deno.test("locked commits are refused as plain ones are", () => {
  const chain = new LockingChain();
  const { state } = chain;
  assert.equal(chain.commit(5, { hotkey: STRANGER }).error, "HotKeyNotRegisteredInSubNet");
  for (let i = 0; i < 10; i++) assert.equal(chain.commit(5).error, undefined);
  assert.equal(chain.commit(5).error, "TooManyUnrevealedCommits");
  assert.equal(chain.commit(5, { hotkey: MINER }).error, undefined);
  state.set(at.WeightsSetRateLimit, 5n, NETUID);
  chain.toBlock(5);
  assert.equal(chain.commit(5).error, "CommittingWeightsTooFast");
  state.set(at.CommitRevealWeightsEnabled, false, NETUID);
  assert.equal(chain.commit(5).error, "CommitRevealDisabled");
});

Deno.test("the weights that were committed on spec 293 are opened with the pulse that it was given", () => {
  const chain = new LockingChain();
  const { state } = chain;
  chain.fund(STRANGER, 10n ** 12n);
  chain.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey: COMMITTER }, STRANGER);
  state.set(at.ValidatorPermit, [true, false, false, true], NETUID);
  addStake({ state }, { hotkey: COMMITTER, coldkey: STRANGER, netuid: NETUID, amountRao: 1n });
  state.set(BeaconSecret, new Uint8Array());
  const recordedPulse = fromHex(
    "e80300000000000080fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fddc0b44679b9a59af2ec876b1a6b1ad52ea9b1" +
      "615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
  );
  const pulse = decodeValue(Pulses.value, recordedPulse);
  assert.deepEqual([pulse.round, pulse.signature], [BigInt(ROUND), SIGNATURE]);
  state.set(Pulses, pulse, BigInt(ROUND));
  chain.toBlock(10);
  const [, commit] = recordedArguments("63").map((args) => args.slice(4, -8));
  const { error, events } = chain.call("commit_crv3_weights", { commit, reveal_round: 1000n }, COMMITTER);
  assert.equal(error, undefined);
  const [[, [, , hash]]] = events as [[string, [unknown, unknown, Uint8Array]]];
  assert.equal(toHex(hash), "7d6a738bc92bc0a9a7aa0be59374954d38359f947ba6c2caccc665b4c3f46962");
  assert.deepEqual(names(chain.toBlock(19)), ["WeightsSet", "CRV3WeightsRevealed"]);
  assert.deepEqual(chain.weightsOf(3), [[2, 65535], [3, 32768]]);
});
