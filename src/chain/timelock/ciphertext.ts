/**
 * The bytes of a locked message, as arkworks writes the structure of the reference (crate tle): U, a compressed point of
 * G2, then byte strings, each behind its length as u64: V and W, 32 bytes each, the body, the cipher's name. The body
 * is two more of them: the AES-GCM ciphertext with its tag, and the nonce.
 */
import { concatBytes, equalBytes, utf8 } from "../../base/bytes.ts";
import { ByteReader } from "../byte_reader.ts";
import { chainError } from "../errors.ts";

export interface Ciphertext {
  /** Compressed point of G2. */
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly w: Uint8Array;
  readonly sealed: Uint8Array;
  readonly nonce: Uint8Array;
}

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** What the runtime stores of one commit at most. */
export const MAX_CIPHERTEXT_BYTES = 5000;
const POINT_BYTES = 96;
const LENGTH_BYTES = 8;
const CIPHER_NAME = utf8("AES_GCM_");
const FRAME_BYTES = POINT_BYTES + 2 * (LENGTH_BYTES + KEY_BYTES) + LENGTH_BYTES + // U, V, W, the body's length
  3 * LENGTH_BYTES + TAG_BYTES + NONCE_BYTES + CIPHER_NAME.length;
export const MAX_MESSAGE_BYTES = MAX_CIPHERTEXT_BYTES - FRAME_BYTES;

export function encodeCiphertext({ u, v, w, sealed, nonce }: Ciphertext): Uint8Array<ArrayBuffer> {
  const body = concatBytes(prefixed(sealed), prefixed(nonce));
  return concatBytes(u, prefixed(v), prefixed(w), prefixed(body), prefixed(CIPHER_NAME));
}

/** Bytes after the structure are ignored, as in the reference. @throws {SkeinError} `chain/bad-timelock` */
export function decodeCiphertext(bytes: Uint8Array): Ciphertext {
  if (bytes.byteLength > MAX_CIPHERTEXT_BYTES) {
    throw badCiphertext(`${bytes.byteLength} bytes, at most ${MAX_CIPHERTEXT_BYTES} are allowed`);
  }
  const reader = new ByteReader(bytes);
  const u = reader.take(POINT_BYTES);
  if (!u) throw badCiphertext(`${bytes.byteLength} bytes, a point of ${POINT_BYTES} and more are required`);
  const v = takePrefixed(reader, "V", KEY_BYTES);
  const w = takePrefixed(reader, "W", KEY_BYTES);
  const body = new ByteReader(takePrefixed(reader, "the body"));
  const sealed = takePrefixed(body, "the sealed message");
  const nonce = takePrefixed(body, "the nonce", NONCE_BYTES);
  if (!equalBytes(takePrefixed(reader, "the cipher's name"), CIPHER_NAME)) {
    throw badCiphertext("another cipher, AES_GCM_ is required");
  }
  return { u, v, w, sealed, nonce };
}

function prefixed(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(bytes.byteLength), true);
  return concatBytes(length, bytes);
}

function takePrefixed(reader: ByteReader, what: string, requiredBytes?: number): Uint8Array {
  const length = reader.take(LENGTH_BYTES);
  // Inexact only far above what any reader has left.
  const byteCount = length && Number(new DataView(length.buffer).getBigUint64(0, true));
  const bytes = byteCount === undefined ? undefined : reader.take(byteCount);
  if (!bytes) throw badCiphertext(`${what} is cut off`);
  if (requiredBytes !== undefined && bytes.byteLength !== requiredBytes) {
    throw badCiphertext(`${what} has ${bytes.byteLength} bytes, ${requiredBytes} are required`);
  }
  return bytes;
}

export function badCiphertext(what: string, cause?: unknown) {
  return chainError("chain/bad-timelock", `open a locked message: ${what}`, {}, cause);
}
