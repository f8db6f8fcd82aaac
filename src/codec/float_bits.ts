/**
 * f32 values seen as their bits, without a copy: how codecs find what is not finite and copy whole arrays at memory speed.
 * The wire is little-endian, and so must the machine be; every machine with WebGPU is.
 */
import { assert } from "../base/assert.ts";
import { CodecError } from "./errors.ts";
import { loadValues, paddedElements, simd, SLICE_ELEMENTS } from "./simd.ts";

assert(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "codecs need a little-endian machine");

export const MAGNITUDE_BITS = 0x7fffffff;
/** Bits of infinity: a magnitude at or above is infinite or NaN. */
export const INFINITY_BITS = 0x7f800000;
/** Below it lie zero and the subnormals, which GPUs flush. */
export const SMALLEST_NORMAL_F32 = 2 ** -126;

export function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The largest magnitude of elements [start, end) as bits: those of infinity or more when one is not finite. */
export function largestMagnitudeBits(bits: Int32Array, start: number, end: number): number {
  // Four chains, because one would wait for each comparison.
  let a = 0, b = 0, c = 0, d = 0, i = start;
  for (; i + 3 < end; i += 4) {
    const e = bits[i] & MAGNITUDE_BITS;
    const f = bits[i + 1] & MAGNITUDE_BITS;
    const g = bits[i + 2] & MAGNITUDE_BITS;
    const h = bits[i + 3] & MAGNITUDE_BITS;
    if (e > a) a = e;
    if (f > b) b = f;
    if (g > c) c = g;
    if (h > d) d = h;
  }
  for (; i < end; i++) a = Math.max(a, bits[i] & MAGNITUDE_BITS);
  return Math.max(a, b, c, d);
}

const oneFloat = new Float32Array(1);
const oneBits = new Int32Array(oneFloat.buffer);

export function floatOfBits(bits: number): number {
  oneBits[0] = bits;
  return oneFloat[0];
}

/** Index of the first NaN or infinity, or −1. */
export function firstNonFinite(values: Float32Array): number {
  for (let start = 0; start < values.length; start += SLICE_ELEMENTS) {
    const index = simd.firstNonFinite(paddedElements(loadValues(values, start)));
    if (index >= 0) return start + index;
  }
  return -1;
}

/** @throws {CodecError} `codec/non-finite` naming the first element that is not finite */
export function assertFinite(values: Float32Array, action: string): void {
  const index = firstNonFinite(values);
  if (index < 0) return;
  throw new CodecError(
    "codec/non-finite",
    `${action}: element ${index} is ${values[index]}, a finite number required`,
    { index },
  );
}

/** @throws {CodecError} `codec/size` */
export function assertSize(name: string, found: number, required: number, elements: number): void {
  if (found === required) return;
  throw new CodecError(
    "codec/size",
    `decode ${name}: ${found} bytes for ${elements} elements, ${required} required`,
    { found, required },
  );
}
