/**
 * Signatures for simulated members, by hotkeys and by round keys: a keyed hash of two 32-bit lanes, a thousand times as fast
 * as sr25519. Not secure, and it need not be: hostile members are our own code, and sign with their own keys only.
 */
import { toHex, utf8 } from "../../src/base/bytes.ts";
import type { Hotkey, Signer, VerifySignature } from "../../src/base/transport.ts";
import type { RoundKeyCheck, RoundKeys, RoundSigner } from "../../src/allreduce/round_keys.ts";

const SIGNATURE_BYTES = 64;

type Lanes = readonly [number, number];

const keys = new Map<Hotkey, Lanes>();

function keyOf(hotkey: Hotkey): Lanes {
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

/** Not remembered: there are new ones each round. */
const roundKeyOf = (roundKey: string): Lanes => [
  parseInt(roundKey.slice(0, 8), 16),
  parseInt(roundKey.slice(8, 16), 16),
];

function lanes(key: Lanes, message: Uint8Array): Lanes {
  let [a, b] = key;
  for (let i = 0; i < message.length; i++) {
    a = Math.imul(a ^ message[i], 0x01000193);
    b = Math.imul((b << 5 | b >>> 27) ^ message[i], 0x9e3779b1);
  }
  a = Math.imul(a ^ (a >>> 16) ^ b, 0x85ebca6b);
  b = Math.imul(b ^ (b >>> 13) ^ a, 0xc2b2ae35);
  return [a >>> 0, b >>> 0];
}

const byteOf = (a: number, b: number, i: number) => ((i & 4 ? b : a) >>> (8 * (i & 3)) & 255) ^ i;

function sign(key: Lanes, message: Uint8Array): Uint8Array {
  const [a, b] = lanes(key, message);
  return Uint8Array.from({ length: SIGNATURE_BYTES }, (_, i) => byteOf(a, b, i));
}

function verify(key: Lanes, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const [a, b] = lanes(key, message);
  for (let i = 0; i < SIGNATURE_BYTES; i++) if (signature[i] !== byteOf(a, b, i)) return false;
  return true;
}

export const fakeSigner = (hotkey: Hotkey): Signer => (
  { hotkey, sign: (message) => sign(keyOf(hotkey), message) }
);

export const fakeVerify: VerifySignature = (hotkey, message, signature) =>
  verify(keyOf(hotkey), message, signature);

/** @param publicKey which is the private one as well: only its owner may call this */
export const fakeRoundSigner = (publicKey: string): RoundSigner => (
  { publicKey, sign: (message) => sign(roundKeyOf(publicKey), message) }
);

export const fakeRoundCheck: RoundKeyCheck = {
  verify: (roundKey, message, signature) => verify(roundKeyOf(roundKey), message, signature),
};

/** @param seed the same keys in the same order for the same seed; the seed of nobody else */
export function fakeRoundKeys(seed: string): RoundKeys {
  const key = keyOf(seed);
  let count = 0;
  return {
    ...fakeRoundCheck,
    create: () => fakeRoundSigner(toHex(sign(key, utf8(`round key ${count++}`)).subarray(0, 32))),
  };
}
