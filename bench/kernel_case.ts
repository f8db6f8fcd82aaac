/** One kernel at one size: its input, what its twin makes of it, and how much work that is. */
import type { Random } from "../src/base/random.ts";
import type { AdapterFacts, Grid, KernelName, Precision } from "../src/gpu/mod.ts";
import type { Tensor } from "../test/kernels/kernel_harness.ts";

/**
 * Sizes of GPT-2 (124 M): width 768, 12 heads, its block's 7.1 M parameters. What llvmpipe does not bear is cut and named
 * here: 256 rows of a product instead of 1024; 8192 rows of the token embedding instead of 50257, whose 154 MB no llvmpipe
 * binding holds; 32000 words of loss instead of 50257, because llvmpipe silently ends an invocation's loops after 65535
 * iterations in all (found by this bench: 2·50257 are more).
 */
export const SIZES = {
  full: {
    tokens: 1024,
    rows: 256,
    width: 768,
    heads: 12,
    lossRows: 64,
    vocabulary: 32000,
    embeddingRows: 8192,
    parameters: 12 * 768 * 768 + 13 * 768,
    chunkElements: 512 * 1024,
    members: 8,
  },
  smoke: {
    tokens: 12,
    rows: 9,
    width: 24,
    heads: 3,
    lossRows: 5,
    vocabulary: 37,
    embeddingRows: 37,
    parameters: 1000,
    chunkElements: 1500,
    members: 2,
  },
} as const;

export type Size = { readonly [K in keyof typeof SIZES.full]: number };

export interface KernelCase {
  readonly kernel: KernelName;
  /** For people: `256×2304×768`. */
  readonly shape: string;
  readonly constants: Record<string, number>;
  readonly tensors: readonly Tensor[];
  readonly uniform?: boolean;
  /** f32 by default; in f16 `tensors` are what halves hold. */
  readonly precision?: Precision;
  readonly extent: number | ((workgroupSize: number) => Grid);
  /** Whether the kernel can run on an adapter; every kernel without it can on every adapter. */
  readonly suits?: (facts: AdapterFacts) => boolean;
  /** Output by index of its tensor, as the twin has it. */
  readonly expected: () => ReadonlyMap<number, ArrayLike<number>>;
  /** Floating-point operations of the formula, or bytes of all tensors read and written once. */
  readonly work: { readonly flops: number } | { readonly bytes: number };
}

export type CaseMaker = (size: Size, random: Random) => KernelCase;

/** Standard normals; beyond 65537 of them (a prime, so that no row repeats another) the sequence starts over. */
export function normals(random: Random, count: number): Float32Array<ArrayBuffer> {
  const base = Float32Array.from({ length: Math.min(count, 65537) }, () => random.nextNormal());
  const values = new Float32Array(count);
  for (let at = 0; at < count; at += base.length) {
    values.set(base.subarray(0, Math.min(base.length, count - at)), at);
  }
  return values;
}

export function bytesOf(...tensors: readonly { byteLength: number }[]): { bytes: number } {
  return { bytes: tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0) };
}
