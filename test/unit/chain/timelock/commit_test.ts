import assert from "node:assert/strict";
import { concatBytes, toHex } from "../../../../src/base/bytes.ts";
import {
  decodeWeightsPayload,
  encodeWeightsPayload,
  type EpochSchedule,
  firstRevealBlock,
  QUICKNET,
  revealRound,
  type RevealTiming,
  weightsCommitHash,
} from "../../../../src/chain/timelock/mod.ts";
import { COMMITTER, recordedArguments } from "./vectors.ts";

const WEIGHTS = { uids: [2, 3], values: [10, 30], versionKey: 0n };

Deno.test("the hash of weights is the one that spec 293 took", () => {
  const [commit] = recordedArguments("60");
  const hash = weightsCommitHash({
    hotkey: COMMITTER,
    netuid: 2,
    ...WEIGHTS,
    values: [10, 30],
    salt: [1, 2, 3, 4, 5, 6, 7, 8],
  });
  assert.equal(toHex(hash), toHex(commit.slice(2)));
});

Deno.test("weights to be locked are read back in both forms; another's and what is none are refused", () => {
  const other = new Uint8Array(32).fill(1);
  const signed = encodeWeightsPayload({ ...WEIGHTS, hotkey: COMMITTER });
  const plain = encodeWeightsPayload(WEIGHTS);
  assert.deepEqual(decodeWeightsPayload(signed, COMMITTER), WEIGHTS);
  assert.deepEqual(decodeWeightsPayload(plain, other), WEIGHTS);
  const refused = { code: "chain/bad-timelock" };
  assert.throws(() => decodeWeightsPayload(signed, other), refused);
  assert.throws(() => decodeWeightsPayload(plain.slice(1), COMMITTER), refused);
  assert.throws(() => decodeWeightsPayload(concatBytes(plain, Uint8Array.of(0)), COMMITTER), refused);
  assert.throws(() => decodeWeightsPayload(new Uint8Array(), COMMITTER), refused);
});

Deno.test("by number, a commit is revealed where the recorded chain revealed it", () => {
  const schedule: EpochSchedule = { kind: "by-number", netuid: 2, tempo: 10 };
  assert.equal(firstRevealBlock(schedule, 77, 1), 84);
  assert.equal(firstRevealBlock(schedule, 83, 1), 84);
  assert.equal(firstRevealBlock(schedule, 84, 1), 95);
  assert.equal(firstRevealBlock(schedule, 77, 3), 106);
});

/** Head block, last epoch, pending epoch, period → block, as bittensor-drand 2.0.0 has it (tempo 10). */
const BY_LAST_EPOCH = [
  [103, 100, 0, 1, 110],
  [103, 100, 0, 3, 130],
  [108, 100, 0, 1, 110],
  [109, 100, 0, 1, 120],
  [110, 100, 0, 1, 121],
  [111, 100, 0, 1, 122],
  [103, 100, 105, 1, 105],
  [103, 100, 105, 2, 115],
  [103, 100, 104, 1, 114],
  [103, 100, 102, 1, 114],
  [103, 100, 120, 1, 110],
];

Deno.test("from the last epoch on, a commit is revealed where bittensor's own client expects it", () => {
  for (const [headBlock, lastEpochBlock, pendingEpochAt, period, expected] of BY_LAST_EPOCH) {
    const schedule: EpochSchedule = { kind: "by-last-epoch", tempo: 10, lastEpochBlock, pendingEpochAt };
    const context = `${headBlock} ${lastEpochBlock} ${pendingEpochAt} ${period}`;
    assert.equal(firstRevealBlock(schedule, headBlock + 1, period), expected, context);
  }
});

const TIMING: RevealTiming = {
  schedule: { kind: "by-number", netuid: 1, tempo: 360 },
  headBlock: 1000,
  revealPeriodEpochs: 1,
  blockMs: 12_000,
  nowMs: (QUICKNET.genesisSec + 3000) * 1000,
  beacon: QUICKNET,
  isRetried: true,
};

Deno.test("where a pulse is waited for, it comes out three blocks after the first chance to reveal", () => {
  // Epoch 3 begins at 3·361 − 2 = 1081, consensus runs in 1080: 83 blocks of 12 s on, rounds of 3 s.
  assert.deepEqual(revealRound(TIMING), { round: 1000 + 83 * 4, revealBlock: 1080 });
});

Deno.test("where it is not, it is out twelve rounds before, or next when there is no time", () => {
  assert.deepEqual(revealRound({ ...TIMING, isRetried: false }), {
    round: 1000 + 80 * 4 - 12,
    revealBlock: 1080,
  });
  const soon = { ...TIMING, isRetried: false, headBlock: 1078 };
  assert.deepEqual(revealRound(soon), { round: 1002, revealBlock: 1080 });
});
