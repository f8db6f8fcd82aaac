/**
 * What the layers of a forward and backward pass share: the shape, the buffers, and tensors by their Hugging Face name.
 * A pass of fewer tokens than the model's context has a config with a shorter contextLength.
 */
import type { Binding } from "../gpu/mod.ts";
import type { Activations, TrunkActivations } from "./activations.ts";
import type { ModelConfig } from "./config.ts";
import type { HeadLimits } from "./head_tiles.ts";
import type { ParameterStore } from "./parameter_store.ts";

/** What a forward pass up to the head reads and writes. */
export interface TrunkBuffers {
  readonly parameters: ParameterStore;
  readonly activations: TrunkActivations;
}

export interface ModelBuffers extends TrunkBuffers {
  readonly gradients: ParameterStore;
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
}

export interface ForwardPass<C extends ModelConfig = ModelConfig> {
  readonly config: C;
  readonly batchSize: number;
  /** N = B·T */
  readonly rows: number;
  readonly activations: TrunkActivations;
  readonly parameters: ParameterStore;
  /** A tensor that lies in one shard. */
  parameter(name: string): Binding;
}

export interface Pass<C extends ModelConfig = ModelConfig> extends ForwardPass<C> {
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
  readonly gradients: ParameterStore;
  /** Parameters' gradients add to those of an earlier pass instead of overwriting them. */
  readonly accumulate: boolean;
  /** The gradient of a tensor that lies in one shard. */
  gradient(name: string): Binding;
}

export function openForwardPass<C extends ModelConfig>(
  config: C,
  batchSize: number,
  { parameters, activations }: TrunkBuffers,
): ForwardPass<C> {
  const rows = batchSize * config.contextLength;
  const parameter = (name: string) => parameters.tensor(name);
  return { config, batchSize, rows, activations, parameters, parameter };
}

export function openPass<C extends ModelConfig>(
  config: C,
  batchSize: number,
  at: ModelBuffers,
  accumulate = false,
): Pass<C> {
  const gradient = (name: string) => at.gradients.tensor(name);
  return { ...openForwardPass(config, batchSize, at), ...at, accumulate, gradient };
}

/** The residual stream before `layer`; for layer L, the one after the last. */
export function layerInput({ activations: act }: ForwardPass, layer: number): Binding {
  return (layer === 0 ? act.embedded : act.layers[layer - 1].output).whole();
}

/** The matrix [V, C] of the token embedding, and that of the final projection. */
export function embeddingName({ family }: ModelConfig): string {
  return family === "gpt2" ? "transformer.wte.weight" : "model.embed_tokens.weight";
}

export function headName(config: ModelConfig): string {
  return config.tiedHead ? embeddingName(config) : "lm_head.weight";
}
