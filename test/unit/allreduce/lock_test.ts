import assert from "node:assert/strict";
import {
  type AcceptRecord,
  bindingOf,
  type Lock,
  type LockSummary,
  provenLock,
  summaryOf,
} from "../../../src/allreduce/lock.ts";
import { resultDigestFrom } from "../../../src/allreduce/certificate.ts";
import { type Proposal, proposalDigest } from "../../../src/allreduce/proposal.ts";
import { sealPayload, Seals, spanDigestOf } from "../../../src/allreduce/seals.ts";
import { VoteBox, votePayload } from "../../../src/allreduce/votes.ts";
import { fakeRoundCheck } from "../../simulation/fake_signer.ts";
import { roundKeyOf, signAs } from "./round_harness.ts";

const GROUP = ["a", "b", "c", "d"];
const CONTENT = "11".repeat(32);
/** Of attempt 1. */
const RESULT = () => resultDigestFrom(proposalDigest(proposal(1)), CONTENT);
const rules = { roundKeys: fakeRoundCheck, checkProposal: () => {} };
const prove = (claim: LockSummary, full: Lock | null) => provenLock(claim, full, rules);

function proposal(attempt: number): Proposal {
  const members = GROUP.map((hotkey) => ({
    hotkey,
    innerSteps: 1,
    samples: 1,
    bandwidthBytesPerSec: 1,
    waypointDigest: "",
    block: 0,
    roundKey: roundKeyOf(hotkey),
    signature: "",
  }));
  const terms = { runId: "run", outerStep: 1, anchorRoot: "root", codec: "f32" };
  return { ...terms, attempt, leader: "a", block: 0, elementCount: 1, chunkElements: 1024, members };
}

function lockOf(attempt: number, voters: readonly string[], contentDigest = CONTENT): Lock {
  const ballot = proposal(attempt);
  const resultDigest = resultDigestFrom(proposalDigest(ballot), contentDigest);
  const payload = votePayload("vote", { ...ballot, proposalDigest: proposalDigest(ballot), resultDigest });
  const votes = voters.map((hotkey) => ({ hotkey, signature: signAs(hotkey, payload) }));
  return { attempt, proposal: ballot, origin: ballot, resultDigest, contentDigest, votes };
}

const accept = (hotkey: string, lock: Lock | null, holds: string[] = []): AcceptRecord => (
  { hotkey, lock: lock && summaryOf(lock), holds, signature: "" }
);

Deno.test("an attempt is bound to the newest lock, and whoever holds the chunks serves them", () => {
  const old = lockOf(0, ["a", "b", "c"], "22".repeat(32));
  const lock = lockOf(1, ["b", "c", "d"]);
  const accepts = [accept("a", old), accept("b", lock), accept("c", null, [RESULT()]), accept("d", null)];
  assert.deepEqual(bindingOf(accepts, lock, prove), { lock, holders: ["c"] });
});

Deno.test("without a lock an attempt is free", () => {
  assert.equal(bindingOf(GROUP.map((hotkey) => accept(hotkey, null)), null, prove), null);
});

Deno.test("an invented lock is refused: too few votes, one twice, forged, of a stranger", () => {
  const forged = lockOf(1, ["a", "b", "c"]);
  const votes = [...forged.votes.slice(1), { hotkey: "a", signature: "00".repeat(64) }];
  const bad = [
    lockOf(1, ["a", "b"]),
    lockOf(1, ["a", "b", "b"]),
    lockOf(1, ["a", "b", "stranger"]),
    { ...forged, votes },
  ];
  for (const lock of bad) {
    assert.throws(() => bindingOf([accept("a", lock)], lock, prove), { code: "allreduce/bad-lock" });
  }
  const claimed = accept("a", forged);
  assert.throws(() => bindingOf([claimed], null, prove), { code: "allreduce/bad-lock" });
  const other = lockOf(1, ["a", "b", "c"], "33".repeat(32));
  const foreign = { ...forged, origin: proposal(0) };
  assert.throws(() => bindingOf([accept("a", foreign)], foreign, prove), { code: "allreduce/bad-lock" });
  assert.throws(() => bindingOf([claimed], other, prove), { code: "allreduce/bad-lock" });
});

Deno.test("two votes of one member are an offence, and only a quorum for one result counts", () => {
  const box = new VoteBox();
  box.open("p", proposal(0));
  for (const voter of ["a", "b"]) box.add("vote", "p", voter, RESULT(), "");
  box.add("vote", "p", "c", "22".repeat(32), "");
  assert.equal(box.quorum("vote", "p", RESULT()), undefined);
  assert.deepEqual(box.others("p", RESULT()), ["c"]);
  assert.throws(() => box.add("vote", "p", "c", RESULT(), ""), { code: "allreduce/equivocation" });
  assert.ok(box.isReachable("vote", "p", RESULT(), () => true));
  assert.ok(!box.isReachable("vote", "p", RESULT(), (hotkey) => hotkey !== "d"));
  box.add("vote", "p", "d", RESULT(), "");
  assert.deepEqual(box.quorum("vote", "p", RESULT())!.map(({ hotkey }) => hotkey), ["a", "b", "d"]);
  assert.equal(box.quorum("commit", "p", RESULT()), undefined);
});

Deno.test("two seals of one reducer convict it; an unsigned one convicts nobody", () => {
  const sealed = (hotkey: string, chunk: string) => {
    const spanDigest = spanDigestOf([chunk]);
    return { spanDigest, seal: signAs(hotkey, sealPayload("p", spanDigest)) };
  };
  const seals = new Seals("p", proposal(0).members, fakeRoundCheck);
  assert.ok(seals.add(0, sealed("a", "x")));
  assert.ok(seals.add(1, sealed("b", "y")));
  assert.ok(!seals.add(2, sealed("b", "z")));
  assert.deepEqual(seals.equivocators([sealed("a", "x"), sealed("b", "other"), null, null]), ["b"]);
  assert.deepEqual(seals.equivocators([sealed("b", "other"), null, sealed("c", "z"), null]), []);
});
