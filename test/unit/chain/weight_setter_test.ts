import { strict as assert } from "node:assert";
import { toHex } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { chainError } from "../../../src/chain/errors.ts";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import {
  commitHashOf,
  type CommitStore,
  type PendingReveal,
  revealWindow,
} from "../../../src/chain/weight_commits.ts";
import { WeightSetter } from "../../../src/chain/weight_setter.ts";
import { type Entries, SUBNET, viewOf } from "./fake_view.ts";

const GENESIS = `0x${"45".repeat(32)}`;
const RULES = { tempo: 20, revealPeriodEpochs: 1 };
const VALIDATOR = devAccount("//Alice");

const PENDING: PendingReveal = {
  genesisHash: GENESIS,
  netuid: 1,
  hotkey: VALIDATOR.address,
  uids: [1],
  values: [65535],
  salt: [1, 2, 3],
  versionKey: "0",
  commitBlock: 99,
};

/** A runtime that counts epochs from the last one on: number `epoch` of them began at `lastEpochBlock`. */
const epochs = (epoch: number, lastEpochBlock: number, commitEpoch?: number): Entries => ({
  lastEpochBlock: ["u64", lastEpochBlock],
  pendingEpochAt: ["u64", 0],
  subnetEpochIndex: ["u64", epoch],
  weightCommits: [
    "Vec<(H256, u64, u64, u64)>",
    commitEpoch === undefined ? undefined : [
      [`0x${"11".repeat(32)}`, commitEpoch - 1, 80, 0],
      [`0x${toHex(commitHashOf(PENDING))}`, commitEpoch, 100, 0],
    ],
  ],
});

Deno.test("where the chain counts epochs from the last one on, a commit's window stands still while blocks pass", async () => {
  // Committed in block 100 of epoch 7, which began at 90: to be revealed in epoch 8, blocks 110 to 129.
  for (
    const [head, epoch, last] of [[101, 7, 90], [109, 7, 90], [110, 8, 110], [128, 8, 110], [131, 9, 130]]
  ) {
    assert.deepEqual(
      await revealWindow(viewOf(head, epochs(epoch, last, 7)), PENDING, RULES),
      { first: 110, last: 129 },
      `at ${head}`,
    );
  }
  const slow = { ...RULES, revealPeriodEpochs: 3 };
  assert.deepEqual(await revealWindow(viewOf(101, epochs(7, 90, 7)), PENDING, slow), {
    first: 150,
    last: 169,
  });
});

Deno.test("a commit that the chain does not have is waited for until its reveal would be over", async () => {
  const { first, last } = await revealWindow(viewOf(101, epochs(7, 90)), PENDING, RULES);
  assert.deepEqual({ first, last }, { first: 140, last: 139 });
});

class Store implements CommitStore {
  constructor(public pending: readonly PendingReveal[]) {}
  load = () => Promise.resolve(this.pending);
  save = (pending: readonly PendingReveal[]) => Promise.resolve(void (this.pending = pending));
}

/** @param view may throw, as a chain that cannot be read does */
function setterAt(view: (readIndex: number) => ChainView) {
  const sent: string[] = [];
  let readCount = 0;
  const setter = new WeightSetter({
    read: async (task) => await task(view(readCount++)),
    submit: (what) => {
      sent.push(what);
      return Promise.resolve({ number: 112, hash: "0x" });
    },
    random: (byteCount) => new Uint8Array(byteCount),
    monotonicMs: () => 0,
    genesisHash: GENESIS,
    log: silentLog,
  });
  return { setter, sent };
}

Deno.test("a reveal whose first block was missed is still sent in the rest of its epoch", async () => {
  const { setter, sent } = setterAt(() => viewOf(112, { ...SUBNET, ...epochs(8, 110, 7) }));
  const store = new Store([PENDING]);
  assert.deepEqual(await setter.revealDue(VALIDATOR, store), [PENDING]);
  assert.equal(sent.length, 1);
  assert.deepEqual(store.pending, []);
});

Deno.test("a hotkey that is gone from one subnet reveals in the others, unless the node is only behind", async () => {
  const gone = (head: number) => viewOf(head, { ...SUBNET, uids: ["u16", undefined], ...epochs(8, 110) });
  const there = viewOf(112, { ...SUBNET, ...epochs(8, 110, 7) });
  const store = new Store([{ ...PENDING, salt: [9] }, PENDING]);
  const { setter, sent } = setterAt((i) => i === 0 ? gone(112) : there);
  assert.deepEqual(await setter.revealDue(VALIDATOR, store), [PENDING]);
  assert.equal(sent.length, 1);
  assert.deepEqual(store.pending, [], "what is lost is not kept");

  const behind = setterAt(() => gone(99));
  const kept = new Store([PENDING]);
  await assert.rejects(behind.setter.revealDue(VALIDATOR, kept), { code: "chain/not-registered" });
  assert.deepEqual(kept.pending, [PENDING]);
});

Deno.test("a commit that is in is told so, though the chain cannot be read any more", async () => {
  const entries: Entries = {
    ...SUBNET,
    ...epochs(7, 90),
    validatorPermit: ["Vec<bool>", [true, true, true]],
    commitRevealWeightsEnabled: ["bool", true],
    lastUpdate: ["Vec<u64>", []],
  };
  const { setter } = setterAt((readIndex) => {
    if (readIndex > 0) throw chainError("chain/disconnected", "use it: no connection");
    return viewOf(110, entries);
  });
  const store = new Store([]);
  const sent = await setter.set(1, VALIDATOR, new Map([[0, 1], [1, 1], [2, 1]]), store);
  assert.deepEqual([sent.kind, sent.kind === "committed" && sent.revealBlock], ["committed", 113]);
  assert.equal(store.pending.length, 1);
});
