import type { Random } from "../../src/base/random.ts";
import { u8Blockwise } from "../../src/codec/u8_blockwise.ts";

/** Around a word of four, a block of 1024, and several blocks. */
export const REDUCE_COUNTS = [1, 4, 5, 1023, 1024, 1025, 3079] as const;

/** COUNT, MEMBERS, STRIDE in words, BLOCKS: the uniform of the three kernels. */
export function reduceShape(count: number, members: number): Uint32Array {
  const blocks = Math.ceil(count / 1024);
  return Uint32Array.of(count, members, blocks + Math.ceil(count / 4), blocks);
}

export function encodedMember(random: Random, count: number): Uint8Array<ArrayBuffer> {
  return u8Blockwise.encode(Float32Array.from({ length: count }, () => random.nextNormal()));
}

/** Members' bytes, each padded to a whole word, one behind the other. */
export function packMembers(members: readonly Uint8Array[], stride: number): Uint32Array {
  const words = new Uint32Array(members.length * stride);
  const bytes = new Uint8Array(words.buffer);
  members.forEach((member, i) => bytes.set(member, i * stride * 4));
  return words;
}
