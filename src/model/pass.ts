/**
 * What the layers of a forward and backward pass share: the shape, the buffers, and tensors by their Hugging Face name.
 * A pass of fewer tokens than the model's context has a config with a shorter contextLength.
 */
import { assert } from "../base/assert.ts";
import type { Binding, GpuBuffer } from "../gpu/mod.ts";
import type { Activations } from "./activations.ts";
import type { ModelConfig } from "./config.ts";
import type { ParameterLayout } from "./parameters.ts";

export interface ModelBuffers {
  readonly layout: ParameterLayout;
  readonly parameters: GpuBuffer;
  readonly gradients: GpuBuffer;
  readonly activations: Activations;
}

export interface Pass<C extends ModelConfig = ModelConfig> {
  readonly config: C;
  readonly batchSize: number;
  /** N = B·T */
  readonly rows: number;
  readonly activations: Activations;
  parameter(name: string): Binding;
  gradient(name: string): Binding;
}

export function openPass<C extends ModelConfig>(config: C, batchSize: number, at: ModelBuffers): Pass<C> {
  return {
    config,
    batchSize,
    rows: batchSize * config.contextLength,
    activations: at.activations,
    parameter: finder(at.layout, at.parameters),
    gradient: finder(at.layout, at.gradients),
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

function finder(layout: ParameterLayout, buffer: GpuBuffer): (name: string) => Binding {
  const bindings = new Map(
    layout.entries.map(({ name, offset, elementCount }) => [name, buffer.slice(offset, elementCount)]),
  );
  return (name) => {
    const binding = bindings.get(name);
    assert(binding !== undefined, `no parameter named ${name}`);
    return binding;
  };
}
