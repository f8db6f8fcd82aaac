/** The door of the room: what others may import from src/model. */
export { allocateActivations } from "./activations.ts";
export type { Activations } from "./activations.ts";
export { checkModelConfig, MODEL_PRESETS } from "./config.ts";
export type { ModelConfig, ModelPreset } from "./config.ts";
export { modelError } from "./errors.ts";
export type { ModelErrorCode } from "./errors.ts";
export { gpt2Backward, gpt2Forward } from "./gpt2.ts";
export type { Gpt2Buffers } from "./gpt2.ts";
export { initialParameters, parameterLayout } from "./parameters.ts";
export type { ParameterEntry, ParameterLayout } from "./parameters.ts";
export { sortTokens, splitTokens } from "./token_batch.ts";
export type { TokenBatch } from "./token_batch.ts";
