/**
 * The messages of a round: each schema, the certificate as message and as plain data, and the checks of proposals and
 * certificates behind the schemas.
 */
import { encode } from "cborg";
import { SkeinError } from "../../../src/base/errors.ts";
import { certificateFromPlain, plainCertificate } from "../../../src/allreduce/allreduce.ts";
import { verifyCertificate } from "../../../src/allreduce/certificate.ts";
import {
  certificateMessage,
  type Kind,
  parseCertificate,
  parseHeader,
  schemas,
} from "../../../src/allreduce/messages.ts";
import { checkProposal } from "../../../src/allreduce/proposal.ts";
import { decodeCborMap } from "../../../src/net/cbor.ts";
import { cborExamples, type Decoder, jsonExamples, structuredBound } from "./decoder.ts";
import { messageIn } from "./message_in.ts";
import { certificateOf, CONTINUITY, DEPS, headersOf, proposalOf, SHAPE } from "./round_examples.ts";

function certificateDecoders(): Decoder[] {
  const certificates = [
    certificateOf(proposalOf(0), proposalOf(0)),
    certificateOf(proposalOf(1), proposalOf(0)),
  ];
  const shared = { allocationBytes: structuredBound(), share: 0.1 };
  return [
    {
      ...shared,
      name: "allreduce: certificate message, checked",
      format: "cbor",
      examples: cborExamples(certificates.map(certificateMessage)),
      decode: (input) => verifyCertificate(parseCertificate(messageIn(input)), SHAPE, DEPS, CONTINUITY),
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
  return [...byKind, ...certificateDecoders()];
}
