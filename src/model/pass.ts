/**
 * What the layers of a forward and backward pass share: the shape, the buffers, and tensors by their Hugging Face name.
 * A pass of fewer tokens than the model's context has a config with a shorter contextLength.
 */
import type { Binding } from "../gpu/mod.ts";
import type { Activations } from "./activations.ts";
import type { ModelConfig } from "./config.ts";
import type { HeadLimits } from "./head_tiles.ts";
import type { ParameterStore } from "./parameter_store.ts";

export interface ModelBuffers {
  readonly parameters: ParameterStore;
  readonly gradients: ParameterStore;
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
}

export interface Pass<C extends ModelConfig = ModelConfig> {
  readonly config: C;
  readonly batchSize: number;
  /** N = B·T */
  readonly rows: number;
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
  readonly parameters: ParameterStore;
  readonly gradients: ParameterStore;
  /** A tensor that lies in one shard, and its gradient. */
  parameter(name: string): Binding;
  gradient(name: string): Binding;
}

export function openPass<C extends ModelConfig>(config: C, batchSize: number, at: ModelBuffers): Pass<C> {
  return {
    config,
    batchSize,
    rows: batchSize * config.contextLength,
    ...at,
    parameter: (name) => at.parameters.tensor(name),
    gradient: (name) => at.gradients.tensor(name),
  };
}

/** The residual stream before `layer`; for layer L, the one after the last. */
export function layerInput({ activations: act }: Pass, layer: number): Binding {
  return (layer === 0 ? act.embedded : act.layers[layer - 1].output).whole();
}

/** The matrix [V, C] of the token embedding, and that of the final projection. */
export function embeddingName({ family }: ModelConfig): string {
  return family === "gpt2" ? "transformer.wte.weight" : "model.embed_tokens.weight";
}

export function headName(config: ModelConfig): string {
  return config.tiedHead ? embeddingName(config) : "lm_head.weight";
}
