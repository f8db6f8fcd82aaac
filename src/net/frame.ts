/**
 * One frame: 12 bytes of fixed prefix, a CBOR header, a binary body beside it.
 *
 *   0  2  magic "SK"        4  4  header length, u32 little-endian
 *   2  1  version 1         8  4  body length, u32 little-endian
 *   3  1  kind
 *
 * A reader learns both lengths before it takes or allocates a byte of either, and refuses what is above its limits. A
 * refused frame cannot be skipped without reading it, so the stream that carried it is dropped, not the connection.
 */
import { assert } from "../base/assert.ts";
import { decodeCborMap, encodeCbor } from "./cbor.ts";
import { netError } from "./errors.ts";

const FRAME_VERSION = 1;
export const FRAME_PREFIX_BYTES = 12;
export const MAX_HEADER_BYTES = 64 * 1024;
export const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What the frame is; on the wire the position in this list. */
export const FRAME_KINDS = [
  "hello",
  "refusal",
  "message",
  "request",
  "answer",
  "error",
  "asking",
  "receipt",
] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export interface Frame {
  readonly kind: FrameKind;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

export interface FrameLimits {
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
}

/** Where frames are read from. */
export interface ByteSource {
  /**
   * Exactly `count` bytes, owned by the caller; null when the source ended cleanly before the first of them.
   * @param into of `count` bytes, filled and returned; default a new array
   */
  read(count: number, signal?: AbortSignal, into?: Uint8Array): Promise<Uint8Array | null>;
}

export interface FramePrefix {
  readonly kind: FrameKind;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

const NO_BODY = new Uint8Array(0);

/**
 * Prefix and header in one piece; the body is written after it, uncopied.
 * @throws {SkeinError} `net/frame-oversized` when the header or the body is above the limits
 */
export function encodeFrameHead(
  kind: FrameKind,
  header: Readonly<Record<string, unknown>>,
  bodyBytes: number,
  limits: FrameLimits,
): Uint8Array<ArrayBuffer> {
  const encoded = encodeCbor(header);
  refuseOversized("send", { kind, headerBytes: encoded.length, bodyBytes }, limits);
  const head = new Uint8Array(FRAME_PREFIX_BYTES + encoded.length);
  const view = new DataView(head.buffer);
  head[0] = 0x53;
  head[1] = 0x4b;
  head[2] = FRAME_VERSION;
  head[3] = FRAME_KINDS.indexOf(kind);
  view.setUint32(4, encoded.length, true);
  view.setUint32(8, bodyBytes, true);
  head.set(encoded, FRAME_PREFIX_BYTES);
  return head;
}

/** @throws {SkeinError} `net/frame-malformed`, `net/frame-oversized`, `net/frame-truncated` */
export function decodeFramePrefix(bytes: Uint8Array, limits: FrameLimits): FramePrefix {
  if (bytes.length < FRAME_PREFIX_BYTES) {
    throw netError(
      "net/frame-truncated",
      `read frame: a prefix of ${bytes.length} bytes, ${FRAME_PREFIX_BYTES} are required`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_PREFIX_BYTES);
  if (bytes[0] !== 0x53 || bytes[1] !== 0x4b || bytes[2] !== FRAME_VERSION) {
    throw netError(
      "net/frame-malformed",
      `read frame: it begins with ${bytes[0]} ${bytes[1]} version ${
        bytes[2]
      }, 83 75 version ${FRAME_VERSION} is required`,
    );
  }
  const kind = FRAME_KINDS[bytes[3]];
  if (kind === undefined) {
    throw netError(
      "net/frame-malformed",
      `read frame: kind ${bytes[3]}, 0 to ${FRAME_KINDS.length - 1} are known`,
    );
  }
  const prefix = { kind, headerBytes: view.getUint32(4, true), bodyBytes: view.getUint32(8, true) };
  refuseOversized("read", prefix, limits);
  return prefix;
}

/** Where the body of the frame with this header is to be put; undefined: in a new array. */
export type PlaceFrameBody = (header: Frame["header"], bodyBytes: number) => Uint8Array | undefined;

/**
 * Reads one frame; null at a clean end. `onBytes` sees sizes as they are read.
 * @throws {SkeinError} `net/frame-malformed`, `net/frame-oversized`, `net/frame-truncated`
 */
export async function readFrame(
  source: ByteSource,
  limits: FrameLimits,
  signal?: AbortSignal,
  onBytes: (count: number) => void = () => {},
  placeBody: PlaceFrameBody = () => undefined,
): Promise<Frame | null> {
  const prefixBytes = await source.read(FRAME_PREFIX_BYTES, signal);
  if (prefixBytes === null) return null;
  onBytes(FRAME_PREFIX_BYTES);
  const prefix = decodeFramePrefix(prefixBytes, limits);
  const headerBytes = await rest(source, prefix.headerBytes, signal);
  onBytes(prefix.headerBytes);
  const header = decodeCborMap(headerBytes);
  const { bodyBytes } = prefix;
  const place = bodyBytes === 0 ? undefined : placeBody(header, bodyBytes);
  assert(place === undefined || place.length === bodyBytes, "the place of a body has its size");
  const body = await rest(source, bodyBytes, signal, place);
  onBytes(prefix.bodyBytes);
  return { kind: prefix.kind, header, body };
}

async function rest(
  source: ByteSource,
  count: number,
  signal?: AbortSignal,
  into?: Uint8Array,
): Promise<Uint8Array> {
  if (count === 0) return NO_BODY;
  const bytes = await source.read(count, signal, into);
  if (bytes !== null) return bytes;
  throw netError("net/frame-truncated", `read frame: the stream ended, ${count} more bytes were announced`);
}

function refuseOversized(verb: string, prefix: FramePrefix, limits: FrameLimits): void {
  const { kind, headerBytes, bodyBytes } = prefix;
  if (headerBytes <= limits.maxHeaderBytes && bodyBytes <= limits.maxBodyBytes) return;
  throw netError(
    "net/frame-oversized",
    `${verb} frame "${kind}": header ${headerBytes} and body ${bodyBytes} bytes, ` +
      `at most ${limits.maxHeaderBytes} and ${limits.maxBodyBytes} are allowed`,
    { kind, headerBytes, bodyBytes },
  );
}
