/**
 * One signature is met many times in a round: an offer in its ready, in the proposal, in every certificate; a commit in its
 * own message and in what each member makes of it. Checking one costs a millisecond or more, so what was found right
 * is remembered, by signer, message and signature together. What was wrong is not: that costs its sender.
 */
import { concatBytes, sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import type { VerifySignature } from "../base/transport.ts";

const MAX_ENTRIES = 4096;

export function cachedVerify(verify: VerifySignature): VerifySignature {
  const right = new Set<string>();
  return (hotkey, message, signature) => {
    // With their lengths, so that nothing of one can pass for the beginning of the next.
    const signer = utf8(`${hotkey.length} ${signature.byteLength} ${hotkey}`);
    const key = toHex(sha256Sync(concatBytes(signer, message, signature)));
    if (right.has(key)) return true;
    if (!verify(hotkey, message, signature)) return false;
    if (right.size >= MAX_ENTRIES) right.delete(right.values().next().value!); // the oldest
    right.add(key);
    return true;
  };
}
