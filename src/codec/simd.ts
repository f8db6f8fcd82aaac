/**
 * The loops of simd.wat, in an instance with 128 KiB of memory of its own. Arrays are taken through it in slices that
 * stay in the cache: what a slice is copied for is far less than what SIMD saves. Everything runs to its end before
 * another call can come, so one instance serves the whole program; a worker has its own.
 *
 * Engines without SIMD are refused when this is loaded: all that have WebGPU have it.
 */
import { SIMD_BASE64 } from "./simd_bytes.ts";

/** The most elements of a slice; 16 blocks of the u8 codec. */
export const SLICE_ELEMENTS = 16384;
/** Loops take as many elements at a time. */
const STEP_ELEMENTS = 16;
const CODES_AT = 65536;
const SCALES_AT = 81920;

/** What works on the slice. `elements` from `paddedElements`. */
interface SimdExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** @returns index of the first value that is NaN or infinite, or −1 */
  firstNonFinite(elements: number): number;
  /** Values to scales and codes. @returns index of the first block that cannot be encoded, or −1 */
  encode(elements: number): number;
  /** Scales and codes to values. */
  decode(elements: number): void;
  /** Adds the decoded times `share`, an f32, to the values. */
  accumulate(elements: number, share: number): void;
}

const bytes = Uint8Array.from(atob(SIMD_BASE64), (char) => char.charCodeAt(0));
export const simd = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as SimdExports;

/** The slice: f32 values, and the u8 codec's codes and scales, these as they travel. */
export const sliceValues = new Float32Array(simd.memory.buffer, 0, SLICE_ELEMENTS);
export const sliceCodes = new Uint8Array(simd.memory.buffer, CODES_AT, SLICE_ELEMENTS);
export const sliceScales = new Uint8Array(simd.memory.buffer, SCALES_AT, 64);

/** `elements` and what fills up the last step; what stands there is computed with and nobody looks at the result. */
export function paddedElements(elements: number): number {
  return Math.ceil(elements / STEP_ELEMENTS) * STEP_ELEMENTS;
}

/** Takes elements from `start` on into the slice, as many as fit, and zeros behind them. @returns how many */
export function loadValues(values: Float32Array, start: number): number {
  const elements = Math.min(SLICE_ELEMENTS, values.length - start);
  sliceValues.set(values.subarray(start, start + elements));
  padWithZeros(elements);
  return elements;
}

export function padWithZeros(elements: number): void {
  sliceValues.fill(0, elements, paddedElements(elements));
}
