/** What one liar among honest members tries, and does not get. */
import assert from "node:assert/strict";
import { contentDigestOf } from "../../../src/allreduce/certificate.ts";
import type { Lock } from "../../../src/allreduce/lock.ts";
import { proposalDigest, proposePayload } from "../../../src/allreduce/proposal.ts";
import { lockOn, proposalOf, readyOf, RoundHarness, signAs, type Start, TERMS } from "./round_harness.ts";

const HONEST = ["a", "b", "c", "d", "e", "f"];
const LIAR = "liar";
const ALL = [...HONEST, LIAR];

const lockFrom = (
  { proposal, resultDigest, votes }: ReturnType<typeof lockOn>,
  contentDigest: string,
): Lock => ({
  attempt: proposal.attempt,
  proposal,
  origin: proposal,
  resultDigest,
  contentDigest,
  votes,
});

function genuine(attempt: number, members = ALL, voters = HONEST) {
  const made = lockOn(proposalOf(attempt, "a", members), voters);
  return { ...made, lock: lockFrom(made, contentDigestOf(made.chunkDigests)) };
}

/** A member that has locked it and has its chunks. */
const startWith = (
  { lock, resultDigest, chunkDigests }: ReturnType<typeof genuine>,
  promised: number,
): Start => ({
  lock: {
    ...TERMS,
    promised,
    groups: [{ attempt: lock.attempt, members: lock.proposal.members.map(({ hotkey }) => hotkey) }],
    lock,
  },
  held: new Map([[resultDigest, chunkDigests]]),
});

const ends = (harness: RoundHarness) =>
  [...harness.machines.values()].map(({ end }) =>
    end?.kind === "committed" ? end.certificate.resultDigest : end?.kind
  );

Deno.test("a lock that a liar made alone binds nobody, whatever was or was not locked before", () => {
  const solo = lockOn(proposalOf(3, LIAR, [LIAR]), [LIAR], "ee");
  const forged = lockFrom(solo, contentDigestOf(solo.chunkDigests));
  const known = genuine(0);
  for (const isLocked of [false, true]) {
    const harness = new RoundHarness(HONEST, [LIAR], () => isLocked ? startWith(known, 3) : {});
    harness.onLiar = ({ type, header }) => {
      if (type === "propose") harness.acceptAs(LIAR, header.proposal, forged, [solo.resultDigest]);
    };
    harness.advance(60_000, new Map([[solo.resultDigest, solo.chunkDigests]]));
    assert.ok(!ends(harness).includes(solo.resultDigest));
    assert.ok(harness.offences.some(({ by, code }) => by === LIAR && code === "allreduce/bad-lock"));
    assert.ok(harness.offences.every(({ by }) => by === LIAR));
    if (isLocked) assert.deepEqual(ends(harness), HONEST.map(() => known.resultDigest));
  }
});

Deno.test("a genuine lock with another origin is an offence of whoever shows it, and holds up nobody", () => {
  const known = genuine(0);
  const swapped = { ...known.lock, origin: { ...known.lock.origin, block: 1 } };
  const harness = new RoundHarness(HONEST, [LIAR], () => startWith(known, 0));
  harness.onLiar = ({ type, header }) => {
    if (type === "propose") harness.acceptAs(LIAR, header.proposal, swapped);
  };
  harness.advance(60_000);
  assert.deepEqual(ends(harness), HONEST.map(() => known.resultDigest));
  assert.ok(harness.offences.length > 0 && harness.offences.every(({ by }) => by === LIAR));
});

Deno.test("a member that was deregistered since does not stand in the way of what it helped to lock", () => {
  const gone = "gone";
  const known = genuine(0, [...HONEST, gone]);
  const starts = () => startWith(known, 0);
  const harness = new RoundHarness(HONEST, [], starts, { previous: [...HONEST, gone], registered: HONEST });
  harness.advance(60_000);
  assert.deepEqual(ends(harness), HONEST.map(() => known.resultDigest));
  assert.deepEqual(harness.offences, []);
});

Deno.test("a leader that changes another's weight under its old signature is refused", () => {
  const harness = new RoundHarness(HONEST, [LIAR]);
  let answers = 0;
  harness.onLiar = ({ type }) => void (type === "accept" && answers++);
  const proposal = proposalOf(0, LIAR, ALL);
  const members = proposal.members.map((m) => m.hotkey === "a" ? { ...m, innerSteps: 5, samples: 5 } : m);
  const changed = { ...proposal, members };
  const signature = signAs(LIAR, proposePayload(proposalDigest(changed)));
  for (const hotkey of HONEST) harness.post(LIAR, hotkey, "propose", { proposal: changed, signature });
  harness.advance(500);
  assert.equal(answers, 0);
  assert.equal(
    harness.offences.filter(({ by, code }) => by === LIAR && code === "allreduce/bad-proposal").length,
    6,
  );
});

Deno.test("one complaint puts one member under suspicion, not the whole group", () => {
  const harness = new RoundHarness(HONEST, [LIAR]);
  let hasComplained = false;
  harness.onLiar = ({ type, header }) => {
    if (type === "propose") harness.acceptAs(LIAR, header.proposal, null);
    if (type !== "begin" || hasComplained) return;
    hasComplained = true;
    const { runId, outerStep, attempt, proposalDigest } = header;
    for (const hotkey of HONEST) {
      harness.post(LIAR, hotkey, "complaint", {
        runId,
        outerStep,
        attempt,
        proposalDigest,
        suspects: HONEST,
      });
    }
  };
  harness.advance(1000);
  assert.ok(hasComplained);
  const dropped = harness.events.filter(({ event, suspects }) =>
    event === "attempt-dropped" && (suspects as string[]).length > 1
  );
  assert.deepEqual(dropped, []);
});

Deno.test("readies say what was trained, and no more than the run allows", () => {
  const harness = new RoundHarness(HONEST, [LIAR]);
  harness.post(LIAR, "a", "ready", readyOf(LIAR, 11));
  harness.advance(500);
  assert.deepEqual(harness.offences, [{ by: LIAR, code: "allreduce/bad-message" }]);
});
