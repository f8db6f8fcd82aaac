import { strict as assert } from "node:assert";
import { fromHuggingFaceConfig, toHuggingFaceConfig } from "../../../src/model/hugging_face_config.ts";
import { gpt2Config, llamaConfig, MODEL_PRESETS } from "../../../src/model/mod.ts";

/** As published with the gpt2 checkpoint, fields of no weight to the function left out. */
const GPT2 = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  vocab_size: 50257,
};
const LLAMA = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  head_dim: 64,
  hidden_act: "silu",
  hidden_size: 2048,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    factor: 32,
    high_freq_factor: 4,
    low_freq_factor: 1,
    original_max_position_embeddings: 8192,
    rope_type: "llama3",
  },
  rope_theta: 500000,
  tie_word_embeddings: true,
  vocab_size: 128256,
};
const SCALING = { factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 };

Deno.test("the published GPT-2 is the preset, the published Llama 3.2 1B has its shape", () => {
  assert.deepEqual(fromHuggingFaceConfig(GPT2), MODEL_PRESETS["gpt2-124m"]);
  assert.deepEqual(
    fromHuggingFaceConfig(LLAMA),
    llamaConfig({
      vocabSize: 128256,
      contextLength: 131072,
      layerCount: 16,
      headCount: 32,
      keyValueHeadCount: 8,
      headSize: 64,
      width: 2048,
      innerWidth: 8192,
      tiedHead: true,
      ropeTheta: 500000,
      ropeScaling: SCALING,
    }),
  );
});

Deno.test("rope is read as transformers 5 writes it, too", () => {
  const { rope_scaling, rope_theta, ...rest } = LLAMA;
  assert.deepEqual(
    fromHuggingFaceConfig({ ...rest, rope_parameters: { rope_theta, ...rope_scaling } }),
    fromHuggingFaceConfig(LLAMA),
  );
  const plain = { ...rest, rope_parameters: { rope_theta: 1e4, rope_type: "default" } };
  const config = fromHuggingFaceConfig(plain);
  assert.ok(config.family === "llama" && config.ropeTheta === 1e4 && config.ropeScaling === null);
});

Deno.test("absent fields have transformers' defaults", () => {
  const gpt2 = fromHuggingFaceConfig({ model_type: "gpt2" });
  assert.deepEqual(gpt2, MODEL_PRESETS["gpt2-124m"]);
  const llama = fromHuggingFaceConfig({ model_type: "llama", num_attention_heads: 64, rope_scaling: null });
  assert.ok(llama.family === "llama");
  assert.deepEqual(
    [llama.headSize, llama.keyValueHeadCount, llama.normEpsilon, llama.ropeTheta, llama.tiedHead],
    [64, 64, 1e-6, 10000, false],
  );
});

Deno.test("a written config is read back as the same", () => {
  for (
    const config of [
      ...Object.values(MODEL_PRESETS),
      gpt2Config({
        vocabSize: 11,
        contextLength: 3,
        layerCount: 1,
        headCount: 2,
        width: 6,
        innerWidth: 5,
        tiedHead: false,
        activation: "gelu-erf",
        normEpsilon: 1e-6,
      }),
      llamaConfig({
        vocabSize: 11,
        contextLength: 3,
        layerCount: 1,
        headCount: 2,
        width: 12,
        innerWidth: 5,
        ropeScaling: SCALING,
      }),
    ]
  ) {
    assert.deepEqual(fromHuggingFaceConfig(JSON.parse(JSON.stringify(toHuggingFaceConfig(config)))), config);
  }
});

Deno.test("what is not computed is refused by field, value and what is supported", () => {
  const refused = (json: unknown, message: RegExp) =>
    assert.throws(() => fromHuggingFaceConfig(json), { code: "model/unsupported-config", message });
  refused({ ...GPT2, model_type: "gpt_neo" }, /model_type is "gpt_neo", supported: "gpt2" or "llama"/);
  refused(
    { ...GPT2, activation_function: "relu" },
    /activation_function is "relu", supported: "gelu_new" or/,
  );
  refused({ ...GPT2, scale_attn_by_inverse_layer_idx: true }, /inverse_layer_idx is true, supported: false/);
  refused({ ...GPT2, n_layer: "12" }, /n_layer is "12", supported: a value of type number/);
  refused({ ...GPT2, n_layer: 0 }, /n_layer is 0, supported: above 0/);
  refused({ ...LLAMA, attention_bias: true }, /attention_bias is true, supported: false/);
  refused({ ...LLAMA, hidden_act: "gelu" }, /hidden_act is "gelu", supported: "silu"/);
  refused(
    { ...LLAMA, rope_scaling: { rope_type: "yarn" } },
    /rope_type is "yarn", supported: "default" or "llama3"/,
  );
  refused({ ...LLAMA, rope_parameters: { rope_theta: "x" } }, /rope_theta is "x"/);
  const rotation = /partial_rotary_factor is 0.5, supported: 1/;
  refused({ ...LLAMA, partial_rotary_factor: 0.5 }, rotation);
  refused({ ...LLAMA, rope_parameters: { rope_theta: 1e4, partial_rotary_factor: 0.5 } }, rotation);
  refused({ ...LLAMA, rope_scaling: { ...LLAMA.rope_scaling, partial_rotary_factor: 0.5 } }, rotation);
  refused([], /supported: an object of fields/);
  refused({}, /model_type is missing/);
});

Deno.test("a config that no model can have is refused", () => {
  const refused = (json: unknown, message: RegExp) =>
    assert.throws(() => fromHuggingFaceConfig(json), { code: "model/bad-config", message });
  refused({ ...GPT2, n_layer: 1500000 }, /layerCount is 1500000, a positive integer up to 1024/);
  refused({ ...GPT2, vocab_size: 2 ** 25 }, /vocabSize is 33554432/);
  refused({ ...LLAMA, hidden_size: 2 ** 19 }, /width is 524288/);
  refused(
    { ...LLAMA, hidden_size: 2 ** 17, num_hidden_layers: 1024 },
    /have \d{13,} elements, .* at most 1099511627776/,
  );
  refused({ ...GPT2, n_head: 5 }, /heads of 153\.6/);
  refused({ ...LLAMA, num_key_value_heads: 5 }, /32 heads share 5/);
  refused({ ...LLAMA, head_dim: 63 }, /headSize is 63, an even number/);
  refused({ ...LLAMA, head_dim: 256 }, /heads of 256/);
});
