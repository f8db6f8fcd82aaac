/**
 * The messages of a round: each schema, the certificate as message and as plain data, the checks of proposals and
 * certificates behind the schemas, and an `AllReduce` between rounds, whose inbox keeps what comes early.
 */
import { encode } from "cborg";
import { sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Hotkey, Message, Transport } from "../../../src/base/transport.ts";
import { AllReduce, certificateFromPlain, plainCertificate } from "../../../src/allreduce/allreduce.ts";
import { type Certificate, resultDigestOf, verifyCertificate } from "../../../src/allreduce/certificate.ts";
import {
  certificateMessage,
  type Kind,
  messageType,
  parseCertificate,
  parseHeader,
  schemas,
} from "../../../src/allreduce/messages.ts";
import { orderCandidates } from "../../../src/allreduce/order.ts";
import { checkProposal, type Proposal, proposalDigest } from "../../../src/allreduce/proposal.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { f32Codec } from "../../../src/codec/f32.ts";
import { decodeCborMap } from "../../../src/net/cbor.ts";
import { cborExamples, type Decoder, jsonExamples, structuredBound } from "./decoder.ts";

const digestOf = (text: string) => toHex(sha256Sync(utf8(text)));
const signature = "5a".repeat(64);
const SHAPE = {
  runId: digestOf("run"),
  seed: "fuzzed",
  codec: "f32",
  elementCount: 5000,
  chunkElements: 1024,
  minGroup: 2,
  samplesPerInnerStep: 1,
  maxInnerSteps: 1000,
};
const DEPS = { verify: () => true, isMember: () => true };
const MEMBERS = orderCandidates(SHAPE.seed, 3, ["alice", "bob", "carol"]);
const CONTINUITY = { previousMembers: MEMBERS, recoveryBlock: Infinity, block: 100, present: MEMBERS };
const ballot = (proposal: Proposal) => ({
  runId: SHAPE.runId,
  outerStep: 3,
  attempt: proposal.attempt,
  proposalDigest: proposalDigest(proposal),
});

function proposalOf(attempt: number): Proposal {
  return {
    runId: SHAPE.runId,
    outerStep: 3,
    anchorRoot: digestOf("anchor"),
    codec: SHAPE.codec,
    attempt,
    leader: MEMBERS[attempt % 3],
    block: 100,
    elementCount: SHAPE.elementCount,
    chunkElements: SHAPE.chunkElements,
    members: MEMBERS.map((hotkey, i) => ({
      hotkey,
      innerSteps: 10,
      samples: 10,
      bandwidthBytesPerSec: 1e6 * i,
      waypointDigest: digestOf(hotkey),
      block: 99,
      signature,
    })),
  };
}

function certificateOf(proposal: Proposal, origin: Proposal): Certificate {
  const chunkDigests = Array.from({ length: 6 }, (_, i) => digestOf(`chunk ${i}`)).slice(0, 5).join("");
  return {
    runId: SHAPE.runId,
    outerStep: 3,
    attempt: proposal.attempt,
    proposal,
    origin,
    resultDigest: resultDigestOf(proposalDigest(origin), chunkDigests),
    chunkDigests,
    votes: MEMBERS.map((hotkey) => ({ hotkey, signature })),
  };
}

/** A message of each kind that passes its schema. */
function headersOf(): Record<Kind, unknown[]> {
  const [first, second] = [proposalOf(0), proposalOf(1)];
  const resultDigest = digestOf("result");
  const votes = MEMBERS.map((hotkey) => ({ hotkey, signature }));
  const lock = { attempt: 0, proposal: first, origin: first, resultDigest, votes };
  const summary = {
    attempt: 0,
    proposalDigest: proposalDigest(first),
    originDigest: proposalDigest(first),
    resultDigest,
  };
  const terms = { runId: SHAPE.runId, outerStep: 3, anchorRoot: first.anchorRoot, codec: "f32" };
  const certificates = [certificateOf(first, first), certificateOf(second, first)];
  return {
    ready: [{ ...terms, ...first.members[0] }],
    propose: [{ proposal: first, signature }, { proposal: second, signature }],
    accept: [
      { ...ballot(second), lock: summary, holds: [resultDigest], full: lock, signature },
      { ...ballot(first), lock: null, holds: [], full: null, signature },
    ],
    refuse: [{ ...ballot(first), promised: -1, reason: "quorum" }],
    begin: [{
      ...ballot(second),
      accepts: MEMBERS.map((hotkey) => ({ hotkey, lock: summary, holds: [], signature })),
      lock,
    }],
    chunk: [{ ...ballot(first), chunk: 2, digest: digestOf("chunk 2") }],
    result: [signature, null].map((seal) => ({
      ...ballot(first),
      chunk: 2,
      digest: digestOf("chunk 2"),
      seal,
    })),
    vote: [{ ...ballot(first), resultDigest, signature }],
    commit: [{ ...ballot(first), resultDigest, signature }],
    seals: [{ ...ballot(first), spans: [{ spanDigest: digestOf("span"), seal: signature }, null] }],
    complaint: [{ ...ballot(first), suspects: MEMBERS.slice(1) }],
    certificate: certificates.map((each) => certificateMessage(each).header),
    pull: [{ runId: SHAPE.runId, outerStep: 3, resultDigest, chunk: -1 }],
  };
}

/** Calls the handlers that an `AllReduce` registers, as a peer's messages and requests would. */
class LoopTransport
  implements Pick<Transport, "self" | "connected" | "send" | "onMessage" | "onRequest" | "onPeer"> {
  readonly self = "zoe";
  readonly handlers = new Map<string, (from: Hotkey, message: Message) => unknown>();
  connected = () => [...MEMBERS];
  send = async () => {};
  onPeer = () => () => {};
  onMessage = (type: string, handler: (from: Hotkey, message: Message) => unknown) => this.#on(type, handler);
  onRequest = (type: string, handler: (from: Hotkey, message: Message) => unknown) => this.#on(type, handler);

  #on(type: string, handler: (from: Hotkey, message: Message) => unknown): () => void {
    this.handlers.set(type, handler);
    return () => this.handlers.delete(type);
  }
}

/** Input: a map of type, header and body. The same `AllReduce` for all of them, so that its inbox would fill. */
function betweenRounds(): Decoder {
  const transport = new LoopTransport();
  new AllReduce(SHAPE, {
    transport: transport as unknown as Transport,
    signer: { hotkey: transport.self, sign: () => new Uint8Array(64) },
    codec: f32Codec,
    reducer: new CpuReducer(f32Codec),
    clock: systemClock,
    log: silentLog,
    ...DEPS,
  });
  const messages = Object.entries(headersOf()).flatMap(([kind, headers]) =>
    headers.map((header) => ({ type: messageType(kind as Kind), header }))
  );
  const certificates = [certificateMessage(certificateOf(proposalOf(1), proposalOf(0)))];
  return {
    name: "allreduce: messages between rounds",
    format: "cbor",
    examples: cborExamples([...messages, ...certificates]),
    decode(input) {
      const { type, header, body } = decodeCborMap(input) as unknown as Message;
      const handler = transport.handlers.get(type);
      if (handler === undefined || body !== undefined && !(body instanceof Uint8Array)) {
        throw new SkeinError("net/no-handler", "deliver a message: no handler of its type");
      }
      return handler(MEMBERS[input.length % 3], { type, header, body });
    },
    allocationBytes: structuredBound(),
    share: 0.1,
  };
}

function certificateDecoders(): Decoder[] {
  const certificates = [
    certificateOf(proposalOf(0), proposalOf(0)),
    certificateOf(proposalOf(1), proposalOf(0)),
  ];
  const messages = certificates.map((each) => {
    const { header, body } = certificateMessage(each);
    return { header, body };
  });
  const parse = (input: Uint8Array) => {
    const { header, body } = decodeCborMap(input) as unknown as Message;
    return parseCertificate({ type: "", header, body: body instanceof Uint8Array ? body : undefined });
  };
  const shared = { allocationBytes: structuredBound(), share: 0.1 };
  return [
    {
      ...shared,
      name: "allreduce: certificate message, checked",
      format: "cbor",
      examples: cborExamples(messages),
      decode: (input) => verifyCertificate(parse(input), SHAPE, DEPS, CONTINUITY),
    },
    {
      ...shared,
      name: "allreduce: certificate as plain data, checked",
      format: "json",
      examples: jsonExamples(certificates.map(plainCertificate)),
      decode: (input) => verifyCertificate(certificateFromPlain(fromJson(input)), SHAPE, DEPS),
    },
    {
      ...shared,
      name: "allreduce: proposal, checked",
      format: "cbor",
      examples: cborExamples(headersOf().propose),
      decode: (input) => checkProposal(parseHeader("propose", decodeCborMap(input)).proposal, SHAPE, DEPS),
    },
  ];
}

/** What holds plain data has parsed it before. */
function fromJson(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    throw new SkeinError("json", "not JSON");
  }
}

export function allreduceDecoders(): Decoder[] {
  const headers = headersOf();
  const byKind = (Object.keys(schemas) as Kind[]).map((kind): Decoder => ({
    name: `allreduce: ${kind}`,
    format: "cbor",
    examples: cborExamples(headers[kind]),
    decode: (input) => parseHeader(kind, decodeCborMap(input)),
    allocationBytes: structuredBound(),
    share: encode(headers[kind][0]).length > 1000 ? 0.1 : 0.25,
  }));
  return [...byKind, ...certificateDecoders(), betweenRounds()];
}
