/**
 * The door of the room: what others may import from src/model. hugging_face_config.ts stays outside: the library that parses
 * there is three times as large as everything else that a browser loads to train.
 */
export { allocateActivations, writeConstants } from "./activations.ts";
export type { Activations } from "./activations.ts";
export { attentionBackward, attentionForward, columnsOf, packedColumns } from "./attention.ts";
export type { AttentionBindings, AttentionGradients, Columns } from "./attention.ts";
export type { AttentionForm, AttentionShape } from "./attention_dispatch.ts";
export { buildBackward, buildLosses, buildTrunk } from "./build.ts";
export { matchCheckpoint } from "./checkpoint_names.ts";
export type { CheckpointNames } from "./checkpoint_names.ts";
export { checkModelConfig, gpt2Config, llamaConfig, modelIdentity } from "./config.ts";
export type { Gpt2Config, LlamaConfig, ModelConfig, RopeScaling } from "./config.ts";
export { matmulNN, matmulNT, matmulTN } from "./matmul.ts";
export type { MatmulForm } from "./matmul.ts";
export { tuneMatmuls } from "./matmul_tuning.ts";
export type { TuneOptions } from "./matmul_tuning.ts";
export { modelError } from "./errors.ts";
export type { ModelErrorCode } from "./errors.ts";
export { LogitsEngine } from "./logits.ts";
export type { LogitsBlock, LogitsOptions } from "./logits.ts";
export { headTiles } from "./head_tiles.ts";
export type { HeadLimits, HeadShape, HeadTiles } from "./head_tiles.ts";
export { partitionParameters } from "./parameter_partition.ts";
export type { ParameterPartition, Segment } from "./parameter_partition.ts";
export { ParameterStore } from "./parameter_store.ts";
export type { FlatRange, Shard } from "./parameter_store.ts";
export { initialParameters, parameterLayout } from "./parameters.ts";
export type { ParameterEntry, ParameterLayout } from "./parameters.ts";
export { embeddingName, headName } from "./pass.ts";
export type { ForwardPass, ModelBuffers, Pass, TrunkBuffers } from "./pass.ts";
export { MODEL_PRESETS } from "./presets.ts";
export type { ModelPreset } from "./presets.ts";
export { ropeFrequencies, ropeTable } from "./rope_table.ts";
export { drawToken, generate } from "./sampling.ts";
export type { SamplingOptions } from "./sampling.ts";
export { NOT_COUNTED, sortTokens, splitTokens } from "./token_batch.ts";
export type { TokenBatch } from "./token_batch.ts";
