/** What all members of a run agree on after an outer step, bit for bit. Immutable: a step makes new arrays. */
import { assert } from "../base/assert.ts";

export interface ModelState {
  /** 64 hex digits. */
  readonly runId: string;
  /** Outer steps made so far; 0 is the initialisation. */
  readonly outerStep: number;
  /** θ [n] */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Outer momentum [n] */
  readonly momentum: Float32Array<ArrayBuffer>;
  /** The commit certificate that led here: plain data, CBOR-able, opaque to this room; null at step 0. */
  readonly certificate: unknown;
}

/** Largest model this program handles; bounds what a peer can make us allocate. */
export const MAXIMUM_ELEMENTS = 2 ** 31;

/** @throws {AssertionError} */
export function assertState(state: ModelState): void {
  assert(/^[0-9a-f]{64}$/.test(state.runId), "state: runId is 64 hex digits");
  assert(Number.isSafeInteger(state.outerStep) && state.outerStep >= 0, "state: outerStep is a count");
  assert(state.parameters.length === state.momentum.length, "state: momentum as long as parameters");
  assert(state.parameters.length <= MAXIMUM_ELEMENTS, "state: within the largest model");
}

assert(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "this program needs a little-endian machine");

/** The little-endian bytes of f32 values, not copied. */
export function bytesOf(values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
