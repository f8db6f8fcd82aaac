import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/bytes.ts";
import {
  CommitmentOf,
  MaxSpace,
  RevealedCommitments,
  TimelockedIndex,
  UsedSpaceOf,
} from "../../../../src/chain/devnet/pallets/commitment_types.ts";
import { BeaconConfig } from "../../../../src/chain/devnet/pallets/drand.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { BondsResetOn } from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { Now } from "../../../../src/chain/devnet/pallets/timestamp.ts";
import { timelockEncrypt } from "../../../../src/chain/timelock/mod.ts";
import { MINER, NETUID, STRANGER, VALIDATOR, ValidatorHarness } from "./validator_harness.ts";

type Field = { name: string; value?: unknown };
const raw = (length: number): Field => ({ name: `Raw${length}`, value: new Uint8Array(length) });
const publish = (chain: ValidatorHarness, fields: Field[], who = MINER) =>
  chain.run("Commitments.set_commitment", { netuid: NETUID, info: { fields } }, who);

function locked(chain: ValidatorHarness, text: string, round: number): Field {
  const { public_key: publicKey } = chain.state.get(BeaconConfig);
  const random = (byteCount: number) => new Uint8Array(byteCount).fill(3);
  const encrypted = timelockEncrypt(utf8(text), { round, publicKey, random });
  return { name: "TimelockEncrypted", value: { encrypted, reveal_round: BigInt(round) } };
}

Deno.test("a commitment costs its bytes, a hundred at least, of what an epoch allows", () => {
  const chain = new ValidatorHarness();
  const used = () => chain.state.get(UsedSpaceOf, NETUID, MINER);
  chain.toBlock(9);
  assert.equal(publish(chain, [raw(5)]).error, undefined);
  assert.deepEqual(used(), { last_epoch: 1n, used_space: 100n });
  assert.equal(
    publish(chain, [raw(128), raw(100), { name: "Sha256", value: new Uint8Array(32) }]).error,
    undefined,
  );
  assert.equal(used()?.used_space, 360n);
  assert.equal(
    publish(chain, [{ name: "BigRaw", value: new Uint8Array(512) }, { name: "None" }]).error,
    undefined,
  );
  assert.equal(used()?.used_space, 872n);
  chain.run("Commitments.set_max_space", { new_limit: 1100 }, "root");
  for (const expected of [undefined, undefined, "SpaceLimitExceeded"]) {
    assert.equal(publish(chain, [raw(1)]).error, expected);
  }
  assert.equal(publish(chain, [raw(1)], VALIDATOR).error, undefined);
  chain.toBlock(19);
  assert.equal(publish(chain, [raw(1)]).error, "SpaceLimitExceeded");
  chain.toBlock(20);
  assert.equal(publish(chain, [raw(1)]).error, undefined);
  assert.deepEqual(used(), { last_epoch: 2n, used_space: 100n });
});

Deno.test("only members publish, at most three fields; only the chain itself changes the space", () => {
  const chain = new ValidatorHarness();
  assert.equal(publish(chain, [raw(1)], STRANGER).error, "AccountNotAllowedCommit");
  assert.equal(publish(chain, [raw(1), raw(1), raw(1), raw(1)]).error, "TooManyFieldsInCommitmentInfo");
  assert.equal(chain.run("Commitments.set_max_space", { new_limit: 1 }, MINER).error, "BadOrigin");
  assert.equal(chain.state.get(MaxSpace), 3100);
});

Deno.test("a locked field is opened with its round's pulse, and the others stay", () => {
  const chain = new ValidatorHarness();
  const { state } = chain;
  const { events } = publish(chain, [raw(2), locked(chain, "hello", 2)]);
  assert.deepEqual(events.map(([name]) => name), ["TimelockCommitment"]);
  assert.deepEqual(state.get(TimelockedIndex), [[NETUID, MINER]]);
  assert.ok(!chain.nextBlocks(2).some(([name]) => name === "CommitmentRevealed"));
  state.set(Now, 3000n);
  const revealed = chain.nextBlocks(2).filter(([name]) => name === "CommitmentRevealed");
  assert.deepEqual(revealed, [["CommitmentRevealed", { netuid: NETUID, who: MINER }]]);
  assert.deepEqual(state.get(RevealedCommitments, NETUID, MINER), [[
    utf8("hello"),
    BigInt(chain.blockNumber),
  ]]);
  assert.deepEqual(state.get(CommitmentOf, NETUID, MINER)?.info.fields, [raw(2)]);
  assert.deepEqual(state.get(TimelockedIndex), []);
});

Deno.test("a locked field that does not open is dropped; a commitment without fields goes", () => {
  const chain = new ValidatorHarness();
  const { state } = chain;
  const bad = { name: "TimelockEncrypted", value: { encrypted: new Uint8Array(300), reveal_round: 1n } };
  publish(chain, [bad]);
  publish(chain, [locked(chain, "later", 9)], VALIDATOR);
  assert.deepEqual(state.get(TimelockedIndex), [[NETUID, MINER], [NETUID, VALIDATOR]]);
  state.set(Now, 3000n);
  chain.nextBlocks(2);
  assert.equal(state.get(CommitmentOf, NETUID, MINER), undefined);
  assert.equal(state.get(RevealedCommitments, NETUID, MINER), undefined);
  assert.deepEqual(state.get(TimelockedIndex), [[NETUID, VALIDATOR]]);
  publish(chain, [raw(1)], VALIDATOR);
  assert.deepEqual(state.get(TimelockedIndex), []);
});

Deno.test("a neuron can have the bonds in it reset, where its subnet allows that", () => {
  const chain = new ValidatorHarness();
  const { state } = chain;
  state.set(at.Bonds, [[1, 5], [2, 6]], NETUID, 0);
  publish(chain, [{ name: "ResetBondsFlag" }]);
  assert.deepEqual(state.get(at.Bonds, NETUID, 0), [[1, 5], [2, 6]]);
  state.set(BondsResetOn, true, NETUID);
  publish(chain, [{ name: "ResetBondsFlag" }]);
  assert.deepEqual(state.get(at.Bonds, NETUID, 0), [[2, 6]]);
});
