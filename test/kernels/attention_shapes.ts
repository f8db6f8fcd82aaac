import type { Grid } from "../../src/gpu/mod.ts";
import type { AttentionShape } from "../../src/reference/attention_forward.ts";

/** One token, a prime, and contexts around both workgroup sizes; odd head sizes. */
export const ATTENTION_SHAPES: readonly AttentionShape[] = [
  { batch: 1, context: 1, heads: 1, headSize: 1 },
  { batch: 2, context: 7, heads: 3, headSize: 5 },
  { batch: 1, context: 15, heads: 2, headSize: 16 },
  { batch: 2, context: 17, heads: 1, headSize: 3 },
  { batch: 1, context: 65, heads: 2, headSize: 8 },
];

export function attentionConstants({ context, heads, headSize }: AttentionShape): Record<string, number> {
  return { CONTEXT: context, HEADS: heads, HEAD_SIZE: headSize };
}

export function attentionGrid({ batch, context, heads }: AttentionShape, workgroupSize: number): Grid {
  return [Math.ceil(context / workgroupSize), batch * heads];
}

export function describeShape({ batch, context, heads, headSize }: AttentionShape): string {
  return `batch ${batch}, context ${context}, ${heads} heads of ${headSize}`;
}

/**
 * Softmax over up to 65 keys: exp is good to about 3 + 2|x| ulp and its errors are relative, so probabilities are good to about
 * 1e-6 of themselves; values and gradients are sums of standard normals, at most about 60 in all.
 */
export const ATTENTION_TOLERANCE = { absolute: 6e-5, relative: 1e-5 };
