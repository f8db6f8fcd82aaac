/**
 * LAMB (You et al. 2020, "Large batch optimization for deep learning"): Adam's direction, with a length that follows from each
 * tensor's own: for batches so large that one learning rate for all of them would not do. The update itself is
 * kernels/lamb_*.wgsl. The flat vector is walked in blocks; as tensors start at multiples of a block, a block belongs to
 * one tensor or is a gap.
 */
import { assert } from "../base/assert.ts";
import type { AdamWOptions } from "./adamw.ts";

export interface LambOptions extends AdamWOptions {
  /** No tensor's step is longer than this times what Adam's would be. */
  readonly maxTrustRatio: number;
}

export const DEFAULT_LAMB: LambOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-6,
  weightDecay: 0.01,
  maxGradNorm: 1,
  maxTrustRatio: 10,
};

/** Elements of a block. */
export const LAMB_BLOCK = 128;

/** The part of a parameter's entry in the layout that matters here. */
export interface LambTensor {
  readonly offset: number;
  readonly elementCount: number;
  /** Matrices, which also decay, get a trust ratio; biases and gains step as Adam's do. */
  readonly decay: boolean;
}

export interface LambBlocks {
  /** [tensors, 3]: first block, block after the last, 1 where a trust ratio applies */
  readonly spans: Uint32Array<ArrayBuffer>;
  /** [blocks]: whose tensor it is */
  readonly tensorOf: Uint32Array<ArrayBuffer>;
}

/** @param tensors in the order of their offsets */
export function lambBlocks(tensors: readonly LambTensor[], elementCount: number): LambBlocks {
  const spans = new Uint32Array(3 * tensors.length);
  const tensorOf = new Uint32Array(Math.ceil(elementCount / LAMB_BLOCK));
  tensors.forEach(({ offset, elementCount, decay }, index) => {
    assert(offset % LAMB_BLOCK === 0, `lamb: a tensor starts at ${offset}, inside a block`);
    const first = offset / LAMB_BLOCK;
    const end = first + Math.ceil(elementCount / LAMB_BLOCK);
    spans.set([first, end, decay ? 1 : 0], 3 * index);
    tensorOf.fill(index, first, end);
  });
  return { spans, tensorOf };
}
