import assert from "node:assert/strict";
import { silentLog } from "../../../src/base/log.ts";
import type { Message, Transport } from "../../../src/base/transport.ts";
import { AllReduce, type Certificate } from "../../../src/allreduce/allreduce.ts";
import { certificateMessage } from "../../../src/allreduce/messages.ts";
import { proposalDigest } from "../../../src/allreduce/proposal.ts";
import { votePayload } from "../../../src/allreduce/votes.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { fakeRoundCheck, fakeRoundSigner, fakeSigner, fakeVerify } from "../../simulation/fake_signer.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { lockOn, proposalOf, roundKeyOf, SHAPE, signAs, TERMS } from "./round_harness.ts";

const MEMBERS = ["a", "b", "c", "d"];

function certificate(): Certificate {
  const proposal = proposalOf(0, "a", MEMBERS);
  const { resultDigest, chunkDigests } = lockOn(proposal, []);
  const { runId, outerStep } = TERMS;
  const terms = { runId, outerStep, attempt: 0, proposalDigest: proposalDigest(proposal), resultDigest };
  const payload = votePayload("commit", terms);
  const votes = MEMBERS.map((hotkey) => ({ hotkey, signature: signAs(hotkey, payload) }));
  return { runId, outerStep, attempt: 0, proposal, origin: proposal, resultDigest, chunkDigests, votes };
}

/** An observer's all-reduce. @returns what hands it a message, and what it saw and counted */
function observer() {
  const handlers = new Map<string, (from: string, message: Message) => void>();
  const transport = {
    self: "observer",
    connected: () => [],
    onPeer: () => () => {},
    onRequest: () => () => {},
    onMessage: (type: string, handler: (from: string, message: Message) => void) => {
      handlers.set(type, handler);
      return () => {};
    },
  };
  const seen = { checks: 0, certificates: [] as Certificate[] };
  const allReduce = new AllReduce(SHAPE, {
    transport: transport as unknown as Transport,
    signer: fakeSigner("observer"),
    verify: fakeVerify,
    roundKeys: {
      create: () => fakeRoundSigner(roundKeyOf("observer")),
      verify: (...signed) => {
        seen.checks++;
        return fakeRoundCheck.verify(...signed);
      },
    },
    codec: u8Blockwise,
    reducer: new CpuReducer(u8Blockwise),
    clock: new VirtualClock(),
    log: silentLog,
    isMember: () => true,
  });
  allReduce.observe((observation) => {
    if (observation.kind === "certificate") seen.certificates.push(observation.certificate);
  });
  const hear = (message: Message) => handlers.get(message.type)!("a", message);
  return { hear, seen };
}

Deno.test("a certificate that all the others send is checked once", () => {
  const { hear, seen } = observer();
  for (let i = 0; i < 3; i++) hear(certificateMessage(certificate()));
  assert.equal(seen.checks, MEMBERS.length);
  assert.equal(seen.certificates.length, 1);
});

Deno.test("the same result with wrong commits is refused when it comes first, and stands for nothing afterwards", () => {
  const right = certificate();
  const wrong = {
    ...right,
    votes: right.votes.map(({ hotkey }) => ({ hotkey, signature: "00".repeat(64) })),
  };
  const { hear, seen } = observer();
  assert.throws(() => hear(certificateMessage(wrong)), { code: "allreduce/bad-certificate" });
  assert.equal(seen.certificates.length, 0);
  hear(certificateMessage(right));
  hear(certificateMessage(wrong));
  assert.deepEqual(seen.certificates, [right]);
});
