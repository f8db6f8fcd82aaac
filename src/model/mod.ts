/** The door of the room: what others may import from src/model. */
export { allocateActivations } from "./activations.ts";
export type { Activations } from "./activations.ts";
export { attentionBackward, attentionForward, columnsOf, packedColumns } from "./attention.ts";
export type { AttentionBindings, AttentionGradients, Columns } from "./attention.ts";
export type { AttentionShape } from "./attention_dispatch.ts";
export { buildBackward, buildForward, buildTrunk } from "./build.ts";
export { checkModelConfig, gpt2Config, llamaConfig, modelIdentity } from "./config.ts";
export type { Gpt2Config, LlamaConfig, ModelConfig, RopeScaling } from "./config.ts";
export { modelError } from "./errors.ts";
export type { ModelErrorCode } from "./errors.ts";
export { initialParameters, parameterLayout } from "./parameters.ts";
export type { ParameterEntry, ParameterLayout } from "./parameters.ts";
export type { ModelBuffers, Pass } from "./pass.ts";
export { MODEL_PRESETS } from "./presets.ts";
export type { ModelPreset } from "./presets.ts";
export { sortTokens, splitTokens } from "./token_batch.ts";
export type { TokenBatch } from "./token_batch.ts";
