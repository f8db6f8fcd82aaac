/** What round keys prove, and what a liar makes of them: nothing that its own hotkey has not signed. */
import assert from "node:assert/strict";
import { fromUtf8, toHex } from "../../../src/base/bytes.ts";
import type { Hotkey } from "../../../src/base/transport.ts";
import { type Certificate, contentDigestOf, verifyCertificate } from "../../../src/allreduce/certificate.ts";
import type { Lock } from "../../../src/allreduce/lock.ts";
import { type Proposal, proposalDigest, proposePayload } from "../../../src/allreduce/proposal.ts";
import { quorumOf } from "../../../src/allreduce/quorum.ts";
import { cachedVerify } from "../../../src/allreduce/signature_cache.ts";
import { votePayload } from "../../../src/allreduce/votes.ts";
import { fakeRoundCheck, fakeSigner, fakeVerify } from "../../simulation/fake_signer.ts";
import {
  lockOn,
  proposalOf,
  RoundHarness,
  roundKeyOf,
  SHAPE,
  signAs,
  signWith,
  type Start,
  TERMS,
} from "./round_harness.ts";

const HONEST = ["a", "b", "c", "d", "e", "f", "g"];
const LIAR = "liar";
const ALL = [...HONEST, LIAR];
const RULES = { verify: fakeVerify, roundKeys: fakeRoundCheck, wasMember: () => true };

/** The others' offers, signed by them, but for the key. */
function withForgedKeys(proposal: Proposal): Proposal {
  return { ...proposal, members: proposal.members.map((m) => ({ ...m, roundKey: roundKeyOf(LIAR) })) };
}

function lockIn(proposal: Proposal): { lock: Lock; chunkDigests: string } {
  const { resultDigest, votes, chunkDigests } = lockOn(proposal, HONEST);
  const contentDigest = contentDigestOf(chunkDigests);
  const { attempt } = proposal;
  return { lock: { attempt, proposal, origin: proposal, resultDigest, contentDigest, votes }, chunkDigests };
}

function certificateIn(
  proposal: Proposal,
  sign: (hotkey: Hotkey, payload: Uint8Array) => string,
): Certificate {
  const { lock: { resultDigest }, chunkDigests } = lockIn(proposal);
  const { runId, outerStep, attempt } = proposal;
  const terms = { runId, outerStep, attempt, proposalDigest: proposalDigest(proposal), resultDigest };
  const payload = votePayload("commit", terms);
  const votes = HONEST.map((hotkey) => ({ hotkey, signature: sign(hotkey, payload) }));
  return { ...terms, proposal, origin: proposal, chunkDigests, votes };
}

/** Members that hold what they have locked. */
function startWith({ lock, chunkDigests }: ReturnType<typeof lockIn>, promised = 0): Start {
  const { attempt, resultDigest } = lock;
  return {
    lock: { ...TERMS, promised, groups: [{ attempt, members: ALL }], lock },
    held: new Map([[resultDigest, chunkDigests]]),
  };
}

const committed = (harness: RoundHarness) =>
  [...harness.machines.values()].map(({ end }) =>
    end?.kind === "committed" ? end.certificate.resultDigest : end?.kind
  );

Deno.test("a certificate proves itself: hotkeys sign offers, and the keys that these name sign commits", () => {
  const proposal = proposalOf(0, "a", ALL);
  verifyCertificate(certificateIn(proposal, signAs), SHAPE, RULES);

  const byHotkeys = certificateIn(proposal, (hotkey, payload) => toHex(fakeSigner(hotkey).sign(payload)));
  assert.throws(() => verifyCertificate(byHotkeys, SHAPE, RULES), { code: "allreduce/bad-certificate" });
  const byOthersKey = certificateIn(proposal, (_, payload) => signAs(LIAR, payload));
  assert.throws(() => verifyCertificate(byOthersKey, SHAPE, RULES), { code: "allreduce/bad-certificate" });
});

Deno.test("a certificate over offers that name a liar's key for all is refused, for each offer and in the origin too", () => {
  const proposal = proposalOf(1, "a", ALL);
  const forged = withForgedKeys(proposal);
  const byLiar = certificateIn(forged, (_, payload) => signAs(LIAR, payload));
  assert.throws(() => verifyCertificate(byLiar, SHAPE, RULES), { code: "allreduce/bad-proposal" });

  const origin = withForgedKeys(proposalOf(0, "a", ALL));
  const { lock: { resultDigest }, chunkDigests } = lockIn(origin);
  const carried = { ...certificateIn(proposal, signAs), origin, resultDigest, chunkDigests };
  const payload = votePayload("commit", { ...carried, proposalDigest: proposalDigest(proposal) });
  const votes = HONEST.map((hotkey) => ({ hotkey, signature: signAs(hotkey, payload) }));
  assert.throws(() => verifyCertificate({ ...carried, votes }, SHAPE, RULES), {
    code: "allreduce/bad-proposal",
  });
});

Deno.test("a lock over offers that name a liar's key for all binds nobody", () => {
  const { lock, chunkDigests } = lockIn(withForgedKeys(proposalOf(3, LIAR, ALL)));
  const known = lockIn(proposalOf(0, "a", ALL));
  const harness = new RoundHarness(HONEST, [LIAR], () => startWith(known, 3));
  harness.onLiar = ({ type, header }) => {
    if (type === "propose") harness.acceptAs(LIAR, header.proposal, lock, [lock.resultDigest]);
  };
  harness.advance(60_000, new Map([[lock.resultDigest, chunkDigests]]));
  assert.deepEqual(committed(harness), HONEST.map(() => known.lock.resultDigest));
  assert.ok(harness.offences.some(({ code }) => code === "allreduce/bad-proposal"));
  assert.ok(harness.offences.every(({ by }) => by === LIAR));
});

Deno.test("a lock from before its voters restarted is carried on, by the keys of its own proposal", () => {
  const known = lockIn(proposalOf(0, "a", HONEST, (hotkey) => roundKeyOf(`${hotkey} before`)));
  const harness = new RoundHarness(HONEST, [], () => startWith(known));
  harness.advance(60_000);
  assert.deepEqual(committed(harness), HONEST.map(() => known.lock.resultDigest));
  assert.deepEqual(harness.offences, []);
});

Deno.test("what a member signed under one offer stands for nothing under another", () => {
  const before = roundKeyOf("a before");
  const keyOf = (hotkey: Hotkey) => hotkey === "a" ? before : roundKeyOf(hotkey);
  const sign = (hotkey: Hotkey, payload: Uint8Array) => signWith(keyOf(hotkey), payload);
  verifyCertificate(certificateIn(proposalOf(0, "a", ALL, keyOf), sign), SHAPE, RULES);
  const mixed = certificateIn(proposalOf(0, "a", ALL), sign);
  assert.throws(() => verifyCertificate(mixed, SHAPE, RULES), { code: "allreduce/bad-certificate" });
});

Deno.test("nothing is answered to a proposal in the name of a leader whose offer is forged", () => {
  const harness = new RoundHarness(HONEST, [LIAR]);
  const elsewhere = { ...proposalOf(0, "a", ALL), anchorRoot: "99".repeat(32) };
  for (const proposal of [withForgedKeys(elsewhere), withForgedKeys(proposalOf(0, "a", ALL))]) {
    const signature = signAs(LIAR, proposePayload(proposalDigest(proposal)));
    for (const hotkey of HONEST.slice(1)) harness.post(LIAR, hotkey, "propose", { proposal, signature });
  }
  harness.advance(500);
  assert.deepEqual(harness.events.filter(({ event }) => event === "root-mismatch"), []);
  assert.equal(harness.offences.length, 12);
  const isRight = ({ by, code }: { by: Hotkey; code: string }) =>
    by === LIAR && code === "allreduce/bad-signature";
  assert.ok(harness.offences.every(isRight));
});

Deno.test("a round checks one signature of each hotkey, and proves once what all show", () => {
  const known = lockIn(proposalOf(0, "a", HONEST));
  const hotkeyChecks = new Map<Hotkey, number>();
  const oldVoteChecks = new Map<Hotkey, number>();
  const count = (counts: Map<Hotkey, number>, hotkey: Hotkey) =>
    counts.set(hotkey, (counts.get(hotkey) ?? 0) + 1);
  const harness = new RoundHarness(HONEST, [], () => startWith(known), {
    depsOf: (hotkey) => ({
      verify: cachedVerify((...signed) => {
        count(hotkeyChecks, hotkey);
        return fakeVerify(...signed);
      }),
      roundKeys: {
        verify: (roundKey, message, signature) => {
          const text = fromUtf8(message);
          const isOldVote = text.startsWith("skein/vote/") && text.includes(known.lock.resultDigest) &&
            text.includes(proposalDigest(known.lock.proposal));
          if (isOldVote) count(oldVoteChecks, hotkey);
          return fakeRoundCheck.verify(roundKey, message, signature);
        },
      },
    }),
  });
  harness.advance(60_000);
  assert.deepEqual(committed(harness), HONEST.map(() => known.lock.resultDigest));
  for (const hotkey of HONEST) assert.ok(hotkeyChecks.get(hotkey)! <= HONEST.length);
  // A leader proves it by the first accept, members by the begin.
  for (const hotkey of HONEST) assert.ok(oldVoteChecks.get(hotkey)! <= HONEST.length);
  assert.ok(quorumOf(HONEST.length) <= Math.min(...oldVoteChecks.values()));
});
