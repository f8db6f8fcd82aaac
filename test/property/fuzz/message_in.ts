/** An input as the message that the transport would hand on: a map of type, header and body. */
import type { Message } from "../../../src/base/transport.ts";
import { decodeCborMap } from "../../../src/net/cbor.ts";
import { messageOf } from "../../../src/net/dispatch.ts";

/** @throws {SkeinError} `net/frame-malformed` */
export function messageIn(input: Uint8Array): Message {
  const { type, header, body } = decodeCborMap(input);
  const bytes = body instanceof Uint8Array ? body : new Uint8Array(0);
  return messageOf({ kind: "message", header: { type, header }, body: bytes }, "message");
}
