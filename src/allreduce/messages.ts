/**
 * The messages of a round, each with a bounded schema: nothing that a stranger sends is used before it has passed one.
 * Bulk (chunks, a certificate's chunk digests) travels in bodies; a header that is too long for a frame's header (the
 * proposal of a large group) travels as JSON at the head of the body.
 */
import { z } from "zod";
import { concatBytes, fromHex, toHex, utf8 } from "../base/bytes.ts";
import type { Message } from "../base/transport.ts";
import type { Certificate } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { MAX_HOLDS } from "./lock.ts";
import { MAX_GROUP_MEMBERS, proposalDigest } from "./proposal.ts";

export const MAX_CHUNKS = 65_536;
const MAX_STEP = 2 ** 31;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const digest = hex(32);
const signature = hex(64);
const hotkey = z.string().min(1).max(64);
const step = z.number().int().min(0).max(MAX_STEP);
const count = z.number().int().min(0).max(2 ** 48);
const codecName = z.string().min(1).max(32);

const terms = { runId: digest, outerStep: step, anchorRoot: digest, codec: codecName };
const offer = {
  hotkey,
  innerSteps: count,
  samples: z.number().int().min(1).max(2 ** 40),
  bandwidthBytesPerSec: z.number().int().min(0).max(1e12),
  waypointDigest: digest,
  block: count,
  roundKey: hex(32),
  signature,
};
const proposalSchema = z.strictObject({
  ...terms,
  attempt: step,
  leader: hotkey,
  block: count,
  elementCount: z.number().int().min(1).max(2 ** 40),
  chunkElements: z.number().int().min(1024).max(2 ** 24),
  meshMembers: z.number().int().min(1).max(MAX_GROUP_MEMBERS).optional(),
  members: z.array(z.strictObject(offer)).min(1).max(MAX_GROUP_MEMBERS),
});
const lockSummary = z.strictObject({
  attempt: step,
  proposalDigest: digest,
  originDigest: digest,
  resultDigest: digest,
});
const holds = z.array(digest).max(MAX_HOLDS);
const ballot = { runId: digest, outerStep: step, attempt: step, proposalDigest: digest };
const votes = z.array(z.strictObject({ hotkey, signature })).min(1).max(MAX_GROUP_MEMBERS);
const vote = z.strictObject({ ...ballot, resultDigest: digest, signature });
const lock = z.strictObject({
  attempt: step,
  proposal: proposalSchema,
  origin: proposalSchema,
  resultDigest: digest,
  contentDigest: digest,
  votes,
});

export const schemas = {
  ready: z.strictObject({ ...terms, ...offer }),
  propose: z.strictObject({ proposal: proposalSchema, signature }),
  /** A proposal of a large group, to who has its members' readies: of each the first digits of its signature. */
  outline: z.strictObject({
    ...ballot,
    leader: hotkey,
    block: count,
    offers: z.string().regex(/^([0-9a-f]{16})+$/).max(16 * MAX_GROUP_MEMBERS),
    signature,
  }),
  /** Its sender lacks some of an outline's readies: it needs the proposal. */
  want: z.strictObject(ballot),
  accept: z.strictObject({
    ...ballot,
    lock: lockSummary.nullable(),
    holds,
    /** What `lock` names. */
    full: lock.nullable(),
    signature,
  }),
  /** Why a proposal was not accepted; `promised` is the highest attempt that its sender accepted. */
  refuse: z.strictObject({
    ...ballot,
    promised: z.number().int().min(-1).max(MAX_STEP),
    reason: z.string().max(64),
  }),
  begin: z.strictObject({
    ...ballot,
    accepts: z.array(z.strictObject({ hotkey, lock: lockSummary.nullable(), holds, signature })).max(
      MAX_GROUP_MEMBERS,
    ),
    /** Instead, in a large group none of whom claims anything: their signatures, in its order. */
    signatures: z.string().regex(/^([0-9a-f]{128})+$/).max(128 * MAX_GROUP_MEMBERS).optional(),
    /** The newest that the accepts name, in full. */
    lock: lock.nullable(),
  }),
  /** Bytes that nobody else will ask about need no digest: the link is authenticated. One that is there must be right. */
  chunk: z.strictObject({
    ...ballot,
    chunk: z.number().int().min(0).max(MAX_CHUNKS),
    digest: digest.optional(),
  }),
  /** In a grid: the sum of a row's contributions, for the chunk's owner; `weight` is the samples in it. */
  partial: z.strictObject({
    ...ballot,
    chunk: z.number().int().min(0).max(MAX_CHUNKS),
    digest,
    weight: z.number().int().min(1).max(2 ** 52),
  }),
  result: z.strictObject({
    ...ballot,
    chunk: z.number().int().min(0).max(MAX_CHUNKS),
    digest,
    /** With the last chunk of the span: its reducer's signature over all of them. */
    seal: signature.nullable(),
  }),
  /** Its sender holds this result. */
  vote,
  /** Its sender has seen a quorum of votes for this result. */
  commit: vote,
  /** What its sender received, by reducer: votes differ, and somebody lied. */
  seals: z.strictObject({
    ...ballot,
    spans: z.array(z.strictObject({ spanDigest: digest, seal: signature }).nullable()).min(1)
      .max(MAX_GROUP_MEMBERS),
  }),
  complaint: z.strictObject({ ...ballot, suspects: z.array(hotkey).min(1).max(MAX_GROUP_MEMBERS) }),
  certificate: z.strictObject({
    runId: digest,
    outerStep: step,
    attempt: step,
    proposal: proposalSchema,
    /** null = the proposal itself */
    origin: proposalSchema.nullable(),
    resultDigest: digest,
    votes,
  }),
  pull: z.strictObject({
    runId: digest,
    outerStep: step,
    resultDigest: digest,
    /** −1 asks for the digests of all chunks. */
    chunk: z.number().int().min(-1).max(MAX_CHUNKS),
  }),
} as const;

export type Kind = keyof typeof schemas;
export type Header<K extends Kind> = z.infer<(typeof schemas)[K]>;

export const messageType = (kind: Kind): string => `allreduce/${kind}/1`;

/** zod measures the `length` of maps too, and throws where one cannot be compared. */
function safeParse<K extends Kind>(kind: K, header: unknown) {
  try {
    return schemas[kind].safeParse(header);
  } catch {
    return { success: false, error: { issues: [{ path: [], message: "cannot be compared" }] } } as const;
  }
}

/** @throws {SkeinError} `allreduce/bad-message` */
export function parseHeader<K extends Kind>(kind: K, header: unknown): Header<K> {
  const parsed = safeParse(kind, header);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(
      "allreduce/bad-message",
      `read a ${kind} message: ${issue.path.join(".").slice(0, 80)} ${
        issue.message.slice(0, 160)
      }, its schema is required`,
      { kind },
    );
  }
  return parsed.data as Header<K>;
}

/** Leaves room for the frame's own fields within its 64 KiB of header. */
const MAX_HEADER_CHARS = 48 * 1024;

/** @param tail what the body holds besides */
export function packMessage(kind: Kind, header: Record<string, unknown>, tail?: Uint8Array): Message {
  const type = messageType(kind);
  const text = BULKY_KINDS.has(kind) ? JSON.stringify(header) : "";
  if (text.length <= MAX_HEADER_CHARS) return { type, header, body: tail };
  const packed = utf8(text);
  const body = tail === undefined ? packed : concatBytes(packed, tail);
  const { outerStep } = header;
  const hint = outerStep === undefined ? {} : { outerStep };
  return { type, header: { packedBytes: packed.byteLength, ...hint }, body };
}

const BULKY_KINDS: ReadonlySet<Kind> = new Set<Kind>(["propose", "accept", "begin", "seals", "certificate"]);

/** @throws {SkeinError} `allreduce/bad-message` */
export function unpackMessage<K extends Kind>(
  kind: K,
  message: Message,
): { header: Header<K>; tail: Uint8Array } {
  const body = message.body ?? new Uint8Array(0);
  const { packedBytes } = message.header ?? {};
  if (packedBytes === undefined) return { header: parseHeader(kind, message.header), tail: body };
  if (typeof packedBytes !== "number" || !(packedBytes > 0 && packedBytes <= body.byteLength)) {
    throw refuse(
      "allreduce/bad-message",
      `read a ${kind} message: a packed header of ${String(packedBytes).slice(0, 20)} bytes, 1 to ` +
        `${body.byteLength} are required`,
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, packedBytes)));
  } catch (cause) {
    throw refuse("allreduce/bad-message", `read a ${kind} message: no JSON, it is required`, { kind }, cause);
  }
  return { header: parseHeader(kind, header), tail: body.subarray(packedBytes) };
}

export function certificateMessage(certificate: Certificate): Message {
  const { chunkDigests, ...header } = plainCertificate(certificate);
  return packMessage("certificate", header, fromHex(chunkDigests as string));
}

/** @throws {SkeinError} `allreduce/bad-message` */
export function parseCertificate(message: Message): Certificate {
  const { header, tail } = unpackMessage("certificate", message);
  if (tail.byteLength === 0 || tail.byteLength % 32 !== 0 || tail.byteLength > 32 * MAX_CHUNKS) {
    throw refuse(
      "allreduce/bad-message",
      `read a certificate: ${tail.byteLength} bytes of chunk digests, 32 a chunk up to ${MAX_CHUNKS} are required`,
    );
  }
  return { ...header, origin: header.origin ?? header.proposal, chunkDigests: toHex(tail) };
}

/** A certificate as plain data, for a state file or a state on offer; `certificateFromPlain` reads it back. */
export function plainCertificate(certificate: Certificate): Record<string, unknown> {
  const { proposal, origin } = certificate;
  const isOwn = proposalDigest(origin) === proposalDigest(proposal);
  return { ...certificate, origin: isOwn ? null : origin };
}

/** @throws {SkeinError} `allreduce/bad-message` */
export function certificateFromPlain(value: unknown): Certificate {
  const { chunkDigests, ...header } = (value ?? {}) as Record<string, unknown>;
  const isHex = typeof chunkDigests === "string" && chunkDigests.length > 0 &&
    chunkDigests.length <= 64 * MAX_CHUNKS && chunkDigests.length % 64 === 0 &&
    !/[^0-9a-f]/.test(chunkDigests);
  if (!isHex) {
    throw refuse("allreduce/bad-message", "read a certificate: no list of chunk digests, hex is required");
  }
  return parseCertificate({ type: messageType("certificate"), header, body: fromHex(chunkDigests) });
}
