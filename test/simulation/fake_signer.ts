/** Signatures for simulated members: keyed digests, as unforgeable as the simulator needs and a thousand times as fast. */
import { concatBytes, equalBytes, sha256Sync, utf8 } from "../../src/base/bytes.ts";
import type { Hotkey, Signer, VerifySignature } from "../../src/base/transport.ts";

const sign = (hotkey: Hotkey, message: Uint8Array): Uint8Array => {
  const digest = sha256Sync(concatBytes(utf8(`secret of ${hotkey}\n`), message));
  return concatBytes(digest, digest);
};

export const fakeSigner = (hotkey: Hotkey): Signer => ({ hotkey, sign: (message) => sign(hotkey, message) });

export const fakeVerify: VerifySignature = (hotkey, message, signature) =>
  equalBytes(sign(hotkey, message), signature);
