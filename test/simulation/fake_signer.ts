/**
 * Signatures for simulated members: a keyed hash of two 32-bit lanes, ten thousand times as fast as sr25519. Not secure, and
 * it need not be: hostile members are our own code, and sign with their own keys only.
 */
import type { Hotkey, Signer, VerifySignature } from "../../src/base/transport.ts";

const SIGNATURE_BYTES = 64;
const keys = new Map<Hotkey, readonly [number, number]>();

function keyOf(hotkey: Hotkey): readonly [number, number] {
  let key = keys.get(hotkey);
  if (!key) {
    let [a, b] = [0x9e3779b9, 0x85ebca6b];
    for (let i = 0; i < hotkey.length; i++) {
      a = Math.imul(a ^ hotkey.charCodeAt(i), 0x01000193);
      b = Math.imul(b + hotkey.charCodeAt(i), 0xc2b2ae35) ^ (a >>> 15);
    }
    keys.set(hotkey, key = [a, b]);
  }
  return key;
}

function lanes(hotkey: Hotkey, message: Uint8Array): [number, number] {
  let [a, b] = keyOf(hotkey);
  for (let i = 0; i < message.length; i++) {
    a = Math.imul(a ^ message[i], 0x01000193);
    b = Math.imul((b << 5 | b >>> 27) ^ message[i], 0x9e3779b1);
  }
  a = Math.imul(a ^ (a >>> 16) ^ b, 0x85ebca6b);
  b = Math.imul(b ^ (b >>> 13) ^ a, 0xc2b2ae35);
  return [a >>> 0, b >>> 0];
}

const byteOf = (a: number, b: number, i: number) => ((i & 4 ? b : a) >>> (8 * (i & 3)) & 255) ^ i;

function sign(hotkey: Hotkey, message: Uint8Array): Uint8Array {
  const [a, b] = lanes(hotkey, message);
  return Uint8Array.from({ length: SIGNATURE_BYTES }, (_, i) => byteOf(a, b, i));
}

export const fakeSigner = (hotkey: Hotkey): Signer => ({ hotkey, sign: (message) => sign(hotkey, message) });

export const fakeVerify: VerifySignature = (hotkey, message, signature) => {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const [a, b] = lanes(hotkey, message);
  for (let i = 0; i < SIGNATURE_BYTES; i++) if (signature[i] !== byteOf(a, b, i)) return false;
  return true;
};
