/**
 * The binding of a libp2p key to a hotkey: an sr25519 signature by the hotkey over (netuid, peer id, not after). libp2p
 * proves that the remote holds the peer id's key; the binding proves that the hotkey agreed to be spoken for by it. A
 * binding that somebody else replays names a peer id that the replayer cannot prove.
 */
import { concatBytes, utf8 } from "../base/bytes.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { netError } from "./errors.ts";

const DOMAIN = "skein/binding/v1\0";
/** sr25519. */
export const SIGNATURE_BYTES = 64;
export const MAX_PEER_ID_CHARS = 128;

export interface Binding {
  readonly peerId: string;
  readonly netuid: number;
  readonly notAfterMs: number;
  /** sr25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/** DOMAIN | netuid u32 | notAfterMs u64 | peer id in UTF-8, little-endian. */
function bindingBytes(binding: Omit<Binding, "signature">): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(12));
  fixed.setUint32(0, binding.netuid, true);
  fixed.setBigUint64(4, BigInt(binding.notAfterMs), true);
  return concatBytes(utf8(DOMAIN), new Uint8Array(fixed.buffer), utf8(binding.peerId));
}

export function signBinding(signer: Signer, fields: Omit<Binding, "signature">): Binding {
  return { ...fields, signature: signer.sign(bindingBytes(fields)) };
}

/** @throws {SkeinError} `net/bad-binding` with a `reason` in the payload */
export function checkBinding(
  binding: Binding,
  required: { hotkey: Hotkey; remotePeerId: string; netuid: number; nowMs: number; verify: VerifySignature },
): void {
  const refuse = (reason: string, text: string) => {
    throw netError("net/bad-binding", `check binding of ${required.hotkey}: ${text}`, { reason });
  };
  if (binding.peerId !== required.remotePeerId) {
    refuse("peer-id", `it names peer ${binding.peerId}, the connection is to ${required.remotePeerId}`);
  }
  if (binding.netuid !== required.netuid) {
    refuse("netuid", `it is for netuid ${binding.netuid}, netuid ${required.netuid} is required`);
  }
  if (binding.notAfterMs < required.nowMs) {
    refuse(
      "expired",
      `it ended ${required.nowMs - binding.notAfterMs} ms ago, sign a new one or set the clock`,
    );
  }
  if (!verifies(required.verify, required.hotkey, bindingBytes(binding), binding.signature)) {
    refuse("signature", "the signature is not the hotkey's");
  }
}

/** A hotkey that is no address, or a signature of another size, is a refusal like any other. */
export function verifies(
  verify: VerifySignature,
  hotkey: Hotkey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(hotkey, message, signature);
  } catch {
    return false;
  }
}
