/**
 * Names and shapes of a model's tensors, as Hugging Face has them and in the order of its state dict: GPT-2's linear
 * weights are Conv1D's [in, out], Llama's are Linear's [out, in]. Where the head is tied to the embedding it is no tensor.
 */
import type { Gpt2Config, LlamaConfig, ModelConfig } from "./config.ts";

export type NamedShape = readonly [name: string, shape: readonly number[]];

export function tensorShapes(config: ModelConfig): NamedShape[] {
  return config.family === "gpt2" ? gpt2Tensors(config) : llamaTensors(config);
}

function gpt2Tensors(
  { vocabSize, contextLength, layerCount, width, innerWidth, tiedHead }: Gpt2Config,
): NamedShape[] {
  const list: NamedShape[] = [
    ["transformer.wte.weight", [vocabSize, width]],
    ["transformer.wpe.weight", [contextLength, width]],
  ];
  for (let layer = 0; layer < layerCount; layer++) {
    const at = `transformer.h.${layer}`;
    list.push(
      [`${at}.ln_1.weight`, [width]],
      [`${at}.ln_1.bias`, [width]],
      [`${at}.attn.c_attn.weight`, [width, 3 * width]],
      [`${at}.attn.c_attn.bias`, [3 * width]],
      [`${at}.attn.c_proj.weight`, [width, width]],
      [`${at}.attn.c_proj.bias`, [width]],
      [`${at}.ln_2.weight`, [width]],
      [`${at}.ln_2.bias`, [width]],
      [`${at}.mlp.c_fc.weight`, [width, innerWidth]],
      [`${at}.mlp.c_fc.bias`, [innerWidth]],
      [`${at}.mlp.c_proj.weight`, [innerWidth, width]],
      [`${at}.mlp.c_proj.bias`, [width]],
    );
  }
  list.push(["transformer.ln_f.weight", [width]], ["transformer.ln_f.bias", [width]]);
  if (!tiedHead) list.push(["lm_head.weight", [vocabSize, width]]);
  return list;
}

function llamaTensors(config: LlamaConfig): NamedShape[] {
  const { vocabSize, layerCount, headCount, keyValueHeadCount, headSize, width, innerWidth, tiedHead } =
    config;
  const list: NamedShape[] = [["model.embed_tokens.weight", [vocabSize, width]]];
  for (let layer = 0; layer < layerCount; layer++) {
    const at = `model.layers.${layer}`;
    list.push(
      [`${at}.self_attn.q_proj.weight`, [headCount * headSize, width]],
      [`${at}.self_attn.k_proj.weight`, [keyValueHeadCount * headSize, width]],
      [`${at}.self_attn.v_proj.weight`, [keyValueHeadCount * headSize, width]],
      [`${at}.self_attn.o_proj.weight`, [width, headCount * headSize]],
      [`${at}.mlp.gate_proj.weight`, [innerWidth, width]],
      [`${at}.mlp.up_proj.weight`, [innerWidth, width]],
      [`${at}.mlp.down_proj.weight`, [width, innerWidth]],
      [`${at}.input_layernorm.weight`, [width]],
      [`${at}.post_attention_layernorm.weight`, [width]],
    );
  }
  list.push(["model.norm.weight", [width]]);
  if (!tiedHead) list.push(["lm_head.weight", [vocabSize, width]]);
  return list;
}
