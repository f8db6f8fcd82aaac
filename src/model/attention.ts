/** Causal self-attention appended to a plan: B batch, T context, C width, H heads. */
import type { Binding, DispatchPlan, Grid } from "../gpu/mod.ts";
import type { ModelConfig } from "./config.ts";

/** @param at qkv [N, 3C], attended [N, C], logSumExp [B, H, T] */
export function attentionForward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  { qkv, attended, logSumExp }: { qkv: Binding; attended: Binding; logSumExp: Binding },
): void {
  const grid = attentionGrid(config, batchSize, plan.workgroupSize);
  plan.add("attention_forward", attentionConstants(config), [qkv, attended, logSumExp], grid);
}

/** From dattended [N, C] to dqkv [N, 3C], which it overwrites; rowDot [B, H, T] passes between the two kernels. */
export function attentionBackward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  { qkv, attended, logSumExp }: { qkv: Binding; attended: Binding; logSumExp: Binding },
  { dattended, dqkv, rowDot }: { dattended: Binding; dqkv: Binding; rowDot: Binding },
): void {
  const constants = attentionConstants(config);
  const grid = attentionGrid(config, batchSize, plan.workgroupSize);
  plan.add("attention_query_backward", constants, [qkv, attended, logSumExp, dattended, dqkv, rowDot], grid);
  plan.add("attention_key_value_backward", constants, [qkv, logSumExp, rowDot, dattended, dqkv], grid);
}

function attentionConstants({ contextLength, headCount, headSize }: ModelConfig) {
  return { CONTEXT: contextLength, HEADS: headCount, HEAD_SIZE: headSize };
}

function attentionGrid(
  { contextLength, headCount }: ModelConfig,
  batchSize: number,
  workgroupSize: number,
): Grid {
  return [Math.ceil(contextLength / workgroupSize), batchSize * headCount];
}
