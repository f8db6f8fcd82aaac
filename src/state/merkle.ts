/**
 * One digest for a whole state, such that two nodes can find where they differ and any megabyte can be checked alone.
 *
 *   bytes  = parameters ‖ momentum, little-endian f32
 *   leafᵢ  = SHA-256(0x00 ‖ bytes[i MiB, (i+1) MiB))      the last one may be shorter
 *   node   = SHA-256(0x01 ‖ left ‖ right)                  an odd one out goes up unchanged
 *   root   = SHA-256(0x02 ‖ "skein/state/1" ‖ runId ‖ outerStep u64 ‖ parameters u64 ‖ momentum u64 ‖ top)
 *
 * The first byte keeps leaves, nodes and roots apart; the counts in the root fix the shape of the tree, so that no other list of
 * leaves can give the same root (compare RFC 6962, section 2.1).
 */
import { assert } from "../base/assert.ts";
import { concatBytes, fromHex, sha256Bulk, sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import { bytesOf, type ModelState } from "./model_state.ts";

export const LEAF_BYTES = 1 << 20;
export const DIGEST_BYTES = 32;

/** What of a state the root commits to besides its leaves. */
export interface StateShape {
  readonly runId: string;
  readonly outerStep: number;
  /** Of the parameters, and as many again of the momentum. */
  readonly elementCount: number;
}

export function shapeOf(state: ModelState): StateShape {
  return { runId: state.runId, outerStep: state.outerStep, elementCount: state.parameters.length };
}

export function leafCount(elementCount: number): number {
  return Math.ceil((8 * elementCount) / LEAF_BYTES);
}

/** Size of leaf `index`: 1 MiB, or what is left. */
export function leafByteLength(elementCount: number, index: number): number {
  assert(index >= 0 && index < leafCount(elementCount), "merkle: leaf index in range");
  return Math.min(LEAF_BYTES, 8 * elementCount - index * LEAF_BYTES);
}

/** A copy of leaf `index`, across the border between parameters and momentum where it must. */
export function leafBytes(state: ModelState, index: number): Uint8Array<ArrayBuffer> {
  const length = leafByteLength(state.parameters.length, index);
  const leaf = new Uint8Array(length);
  forEachPart(state.parameters.length, index, (half, from, to, at) => {
    leaf.set(bytesOf(half === 0 ? state.parameters : state.momentum).subarray(from, to), at);
  });
  return leaf;
}

/** Writes a leaf back to where it belongs. */
export function placeLeaf(
  parameters: Float32Array<ArrayBuffer>,
  momentum: Float32Array<ArrayBuffer>,
  index: number,
  leaf: Uint8Array,
): void {
  assert(leaf.byteLength === leafByteLength(parameters.length, index), "merkle: leaf of its own size");
  forEachPart(parameters.length, index, (half, from, to, at) => {
    bytesOf(half === 0 ? parameters : momentum).set(leaf.subarray(at, at + to - from), from);
  });
}

export function leafDigest(leaf: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha256Bulk(concatBytes(Uint8Array.of(0), leaf));
}

export async function leavesOf(state: ModelState): Promise<Uint8Array<ArrayBuffer>[]> {
  const digests: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < leafCount(state.parameters.length); i++) {
    digests.push(await leafDigest(leafBytes(state, i)));
  }
  return digests;
}

/** @returns the root, hex */
export function rootOfLeaves(shape: StateShape, leaves: readonly Uint8Array[]): string {
  assert(leaves.length === leafCount(shape.elementCount), "merkle: as many leaves as the shape has");
  let level: readonly Uint8Array[] = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(
        i + 1 < level.length ? sha256Sync(concatBytes(Uint8Array.of(1), level[i], level[i + 1])) : level[i],
      );
    }
    level = above;
  }
  const counts = new DataView(new ArrayBuffer(24));
  counts.setBigUint64(0, BigInt(shape.outerStep), true);
  counts.setBigUint64(8, BigInt(shape.elementCount), true);
  counts.setBigUint64(16, BigInt(shape.elementCount), true);
  return toHex(sha256Sync(concatBytes(
    Uint8Array.of(2),
    utf8("skein/state/1"),
    fromHex(shape.runId),
    new Uint8Array(counts.buffer),
    level[0] ?? new Uint8Array(DIGEST_BYTES),
  )));
}

/** @returns the root, hex */
export async function rootOf(state: ModelState): Promise<string> {
  return rootOfLeaves(shapeOf(state), await leavesOf(state));
}

/** The one or two byte ranges a leaf covers: half 0 is parameters, half 1 momentum; `at` is the offset in the leaf. */
function forEachPart(
  elementCount: number,
  index: number,
  visit: (half: 0 | 1, from: number, to: number, at: number) => void,
): void {
  const halfBytes = 4 * elementCount;
  const start = index * LEAF_BYTES;
  const end = start + leafByteLength(elementCount, index);
  if (start < halfBytes) visit(0, start, Math.min(end, halfBytes), 0);
  if (end > halfBytes) {
    const from = Math.max(start, halfBytes);
    visit(1, from - halfBytes, end - halfBytes, from - start);
  }
}
