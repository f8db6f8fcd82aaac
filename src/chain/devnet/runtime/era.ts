/**
 * How long a transaction may wait. Mortal: born at the last block whose number is `phase` modulo `period`, dead
 * `period` blocks later; its signature covers the birth block's hash, so it is void on any other chain or fork. Two
 * bytes hold both: four bits of log2(period) − 1, the rest the phase in units of period / 4096.
 */
import type { ScaleType } from "../../scale/scale_type.ts";
import { variant } from "../../scale/composite_types.ts";
import { undecodable } from "../../scale/errors.ts";
import { u8 } from "../../scale/primitive_types.ts";

export type Era = { readonly kind: "immortal" } | {
  readonly kind: "mortal";
  readonly periodBlocks: number;
  readonly phase: number;
};

const cases = Object.fromEntries(
  Array.from({ length: 255 }, (_, i) => [`Mortal${i + 1}`, [i + 1, u8] as const]),
);

export const eraType: ScaleType<Era> = {
  shape: variant("sp_runtime::generic::era::Era", { Immortal: [0], ...cases }).shape,
  encode(era, to) {
    if (era.kind === "immortal") return to.u8(0);
    const exponent = Math.min(15, Math.max(1, Math.log2(era.periodBlocks) - 1));
    to.uint(BigInt(exponent | ((era.phase / quantum(era.periodBlocks)) << 4)), 2);
  },
  decode(from) {
    const first = from.u8();
    if (first === 0) return { kind: "immortal" };
    const encoded = first | (from.u8() << 8);
    const periodBlocks = 2 << (encoded & 15);
    const phase = (encoded >> 4) * quantum(periodBlocks);
    if (periodBlocks < 4 || phase >= periodBlocks) {
      throw undecodable(`an era of ${periodBlocks} blocks at phase ${phase}`);
    }
    return { kind: "mortal", periodBlocks, phase };
  },
};

const quantum = (periodBlocks: number) => Math.max(1, periodBlocks >> 12);

/** First block at which a transaction seen at `block` may have been alive; block zero for immortal ones. */
export function birthBlock(era: Era, block: number): number {
  if (era.kind === "immortal") return 0;
  const { periodBlocks, phase } = era;
  return Math.floor((Math.max(block, phase) - phase) / periodBlocks) * periodBlocks + phase;
}

/** First block in which it may no longer stand. */
export function deathBlock(era: Era, block: number): number {
  return era.kind === "immortal" ? Infinity : birthBlock(era, block) + era.periodBlocks;
}
