/**
 * Forward and backward of a model as dispatch plans over fixed buffers, whichever its family: the trunk up to the head, then
 * either the losses alone or, with the head's share of the gradients, the backward pass, which computes the losses
 * too. Both must follow a trunk plan over the same tokens. Every element of the gradient arena that belongs to a tensor is
 * overwritten by the first pass of a step; nothing needs zeroing between steps.
 */
import type { DispatchPlan } from "../gpu/mod.ts";
import type { ModelConfig } from "./config.ts";
import { gpt2Family } from "./gpt2.ts";
import { headBackward, headForward } from "./head.ts";
import { llamaFamily } from "./llama.ts";
import {
  type ForwardPass,
  type ModelBuffers,
  openForwardPass,
  openPass,
  type Pass,
  type TrunkBuffers,
} from "./pass.ts";

/** What a family brings; a layer may be run forward again between the two passes. */
export interface ModelFamily<C extends ModelConfig = ModelConfig> {
  /** From tokens to embedded [N, C]. */
  embedForward(plan: DispatchPlan, pass: ForwardPass<C>): void;
  /**
   * From the residual stream before `layer` to that after it; `isAgain` where only what the backward pass reads is wanted once
   * more, and the layer's output still is what it was.
   */
  layerForward(plan: DispatchPlan, pass: ForwardPass<C>, layer: number, isAgain?: boolean): void;
  /** From the last layer's output to finalNormed [N, C]. */
  finalNormForward(plan: DispatchPlan, pass: ForwardPass<C>): void;
  /** From dnormed to dresidual, both [N, C]. */
  finalNormBackward(plan: DispatchPlan, pass: Pass<C>): void;
  /** dresidual from that of the layer's output to that of its input, in place. */
  layerBackward(plan: DispatchPlan, pass: Pass<C>, layer: number): void;
  /** From dresidual to the embeddings' gradients; adds where the head is tied. */
  embedBackward(plan: DispatchPlan, pass: Pass<C>): void;
}

export function familyOf({ family }: ModelConfig): ModelFamily {
  return family === "gpt2" ? gpt2Family : llamaFamily;
}

/** Tokens to finalNormed: all but the head. */
export function buildTrunk(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  at: TrunkBuffers,
): void {
  const family = familyOf(config);
  const pass = openForwardPass(config, batchSize, at);
  family.embedForward(plan, pass);
  for (let layer = 0; layer < config.layerCount; layer++) family.layerForward(plan, pass, layer);
  family.finalNormForward(plan, pass);
}

/** After the trunk, to losses [N]. */
export function buildLosses(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  at: ModelBuffers,
): void {
  headForward(plan, openPass(config, batchSize, at));
}

/**
 * After the trunk, to losses [N] and the gradients of their weighted sum with respect to every parameter.
 * @param accumulate whether these add to the gradients of an earlier pass
 */
export function buildBackward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  at: ModelBuffers,
  accumulate = false,
): void {
  const family = familyOf(config);
  const pass = openPass(config, batchSize, at, accumulate);
  const lastLayer = config.layerCount - 1;
  headBackward(plan, pass);
  family.finalNormBackward(plan, pass);
  for (let layer = lastLayer; layer >= 0; layer--) {
    // What the last layer wrote is still there.
    if (at.activations.isShared && layer < lastLayer) family.layerForward(plan, pass, layer, true);
    family.layerBackward(plan, pass, layer);
  }
  family.embedBackward(plan, pass);
}
