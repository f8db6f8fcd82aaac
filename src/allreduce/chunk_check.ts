/** What can be wrong with the bytes of a chunk that somebody sent, before anything is done with them. */
import { toHex } from "../base/bytes.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Codec } from "../codec/codec.ts";

export interface ChunkHeader {
  readonly chunk: number;
  /** Of the body; contributions have none. */
  readonly digest?: string;
}

/** @returns what is wrong, if anything. The codec finds what a digest cannot: NaN smuggled in a scale. */
export async function findCorruption(
  header: ChunkHeader,
  body: Uint8Array,
  elements: number,
  codec: Codec,
  digest: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<string | undefined> {
  const maxBytes = codec.encodedBytes(elements);
  if (body.byteLength > maxBytes) return `${body.byteLength} bytes, at most ${maxBytes} are required`;
  if (header.digest !== undefined && toHex(await digest(body as Uint8Array<ArrayBuffer>)) !== header.digest) {
    return "its digest differs from its header's, the same is required";
  }
  try {
    codec.check(body, elements);
  } catch (error) {
    if (isSkeinError(error)) return error.message;
    throw error;
  }
  return undefined;
}
