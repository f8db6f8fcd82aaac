/**
 * A ready's signature is met many times in a round: in the ready, in the proposals and certificates that hold its offer.
 * Checking one costs a millisecond, so what was found right is remembered, as it is: its signer and message are compared,
 * not hashed. What was wrong is not remembered: that costs its sender.
 */
import { equalBytes, toHex } from "../base/bytes.ts";
import type { Hotkey, VerifySignature } from "../base/transport.ts";

const MAX_ENTRIES = 4096;

export function cachedVerify(verify: VerifySignature): VerifySignature {
  /** By signature. */
  const right = new Map<string, { readonly hotkey: Hotkey; readonly message: Uint8Array }>();
  return (hotkey, message, signature) => {
    const key = toHex(signature);
    const known = right.get(key);
    if (known && known.hotkey === hotkey && equalBytes(known.message, message)) return true;
    if (!verify(hotkey, message, signature)) return false;
    if (right.size >= MAX_ENTRIES) right.delete(right.keys().next().value!); // the oldest
    right.set(key, { hotkey, message: message.slice() });
    return true;
  };
}
