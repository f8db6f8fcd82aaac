/** Byte strings: hex, concatenation, comparison, digests. Little-endian everywhere unless a name says otherwise. */
import { sha256 } from "@noble/hashes/sha2.js";

const HEX = "0123456789abcdef";

/** Engines that have it are thirty times as fast. */
const nativeToHex = (Uint8Array.prototype as { toHex?: (this: Uint8Array) => string }).toHex;

export function toHex(bytes: Uint8Array): string {
  if (nativeToHex) return nativeToHex.call(bytes);
  let text = "";
  for (const b of bytes) text += HEX[b >> 4] + HEX[b & 15];
  return text;
}

/** By character code; −1 = no hex digit. */
const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) {
  DIGITS[HEX.charCodeAt(value)] = value;
  DIGITS[HEX[value].toUpperCase().charCodeAt(0)] = value;
}

/** @throws {RangeError} on anything but an even number of hex digits, with or without 0x */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const start = text.startsWith("0x") ? 2 : 0;
  const bytes = new Uint8Array((text.length - start) >> 1);
  let isHex = text.length % 2 === 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGITS[text.charCodeAt(start + 2 * i)] ?? -1;
    const low = DIGITS[text.charCodeAt(start + 2 * i + 1)] ?? -1;
    isHex &&= high >= 0 && low >= 0;
    bytes[i] = (high << 4) | low;
  }
  if (isHex) return bytes;
  throw new RangeError(`decode hex: "${text.slice(0, 40)}" is not an even number of hex digits`);
}

export function concatBytes(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((x, i) => x === b[i]);
}

/** Lexicographic order: negative, zero, positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.byteLength, b.byteLength);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.byteLength - b.byteLength;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = (text: string): Uint8Array<ArrayBuffer> =>
  encoder.encode(text) as Uint8Array<ArrayBuffer>;
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** SHA-256, synchronous, for small inputs inside state machines (about 200 MB/s). Bulk data: `sha256Bulk`. */
export function sha256Sync(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(bytes) as Uint8Array<ArrayBuffer>;
}

/** SHA-256 by the platform, for bulk data. */
export async function sha256Bulk(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
