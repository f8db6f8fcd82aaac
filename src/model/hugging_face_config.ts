/**
 * A model's shape from Hugging Face's config.json, and back. What is read: the fields that change the function a checkpoint
 * computes. A field with a value that this program does not compute is refused by name; fields it need not know (dropout,
 * token ids, initialisation) are passed over. Absent fields have transformers' defaults.
 */
import { z } from "zod";
import {
  checkModelConfig,
  type Gpt2Config,
  gpt2Config,
  type LlamaConfig,
  llamaConfig,
  type ModelConfig,
  type RopeScaling,
} from "./config.ts";
import { modelError } from "./errors.ts";

const count = z.number().int().positive();
const ACTIVATIONS = { gelu_new: "gelu-tanh", gelu_pytorch_tanh: "gelu-tanh", gelu: "gelu-erf" } as const;

const gpt2Shape = z.object({
  vocab_size: count.default(50257),
  n_positions: count.default(1024),
  n_embd: count.default(768),
  n_layer: count.default(12),
  n_head: count.default(12),
  n_inner: count.nullish(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh", "gelu"]).default("gelu_new"),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
});

/** Of each head's size; absent from most configs, and not where transformers once had it. */
const partialRotation = { partial_rotary_factor: z.literal(1).default(1) };
const llama3Scaling = z.object({
  ...partialRotation,
  rope_type: z.literal("llama3"),
  factor: z.number(),
  low_freq_factor: z.number(),
  high_freq_factor: z.number(),
  original_max_position_embeddings: count,
});
const rope = z.discriminatedUnion("rope_type", [
  z.object({ ...partialRotation, rope_type: z.literal("default") }),
  llama3Scaling,
]);

const llamaShape = z.object({
  vocab_size: count.default(32000),
  hidden_size: count.default(4096),
  intermediate_size: count.default(11008),
  num_hidden_layers: count.default(32),
  num_attention_heads: count.default(32),
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  max_position_embeddings: count.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: rope.nullish(),
  rope_parameters: rope.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  pretraining_tp: z.literal(1).default(1),
  ...partialRotation,
});

const END_OF_TEXT = 50256;

const SHAPES = { gpt2: gpt2Shape, llama: llamaShape } as const;

/**
 * @param json what config.json holds
 * @throws `model/unsupported-config` naming field, value found and what is supported; `model/bad-config`
 */
export function fromHuggingFaceConfig(json: unknown): ModelConfig {
  const fields = z.record(z.string(), z.unknown()).safeParse(json);
  if (!fields.success) throw refuse("the whole", json, "an object of fields");
  const family = fields.data.model_type;
  if (family !== "gpt2" && family !== "llama") throw refuse("model_type", family, '"gpt2" or "llama"');
  const config = family === "gpt2"
    ? fromGpt2(parse(SHAPES.gpt2, fields.data))
    : fromLlama(parse(SHAPES.llama, withRopeType(fields.data)), fields.data);
  checkModelConfig(config);
  return config;
}

/** What config.json must hold for transformers to build the same model. */
export function toHuggingFaceConfig(config: ModelConfig): Record<string, unknown> {
  return config.family === "gpt2" ? toGpt2(config) : toLlama(config);
}

function fromGpt2(hf: z.infer<typeof gpt2Shape>): Gpt2Config {
  return gpt2Config({
    vocabSize: hf.vocab_size,
    contextLength: hf.n_positions,
    layerCount: hf.n_layer,
    headCount: hf.n_head,
    width: hf.n_embd,
    innerWidth: hf.n_inner ?? 4 * hf.n_embd,
    normEpsilon: hf.layer_norm_epsilon,
    tiedHead: hf.tie_word_embeddings,
    activation: ACTIVATIONS[hf.activation_function],
  });
}

function toGpt2(config: Gpt2Config): Record<string, unknown> {
  const { vocabSize, contextLength, layerCount, headCount, width, innerWidth } = config;
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: vocabSize,
    n_positions: contextLength,
    n_embd: width,
    n_layer: layerCount,
    n_head: headCount,
    n_inner: innerWidth === 4 * width ? null : innerWidth,
    layer_norm_epsilon: config.normEpsilon,
    tie_word_embeddings: config.tiedHead,
    activation_function: config.activation === "gelu-erf" ? "gelu" : "gelu_new",
    scale_attn_weights: true,
    // transformers' defaults are GPT-2's own, which a smaller vocabulary lacks.
    bos_token_id: vocabSize > END_OF_TEXT ? END_OF_TEXT : null,
    eos_token_id: vocabSize > END_OF_TEXT ? END_OF_TEXT : null,
    resid_pdrop: 0,
    embd_pdrop: 0,
    attn_pdrop: 0,
    dtype: "float32",
  };
}

function fromLlama(hf: z.infer<typeof llamaShape>, fields: Record<string, unknown>): LlamaConfig {
  // transformers 5 keeps all of rope in rope_parameters, earlier versions its base beside rope_scaling.
  const parameters = fields.rope_parameters as { rope_theta?: unknown } | null | undefined;
  const theta = z.number().positive().nullish().safeParse(parameters?.rope_theta);
  if (!theta.success) throw refuse("rope_parameters.rope_theta", parameters?.rope_theta, "a positive number");
  const scaling = hf.rope_parameters ?? hf.rope_scaling;
  return llamaConfig({
    vocabSize: hf.vocab_size,
    contextLength: hf.max_position_embeddings,
    layerCount: hf.num_hidden_layers,
    headCount: hf.num_attention_heads,
    keyValueHeadCount: hf.num_key_value_heads ?? hf.num_attention_heads,
    headSize: hf.head_dim ?? hf.hidden_size / hf.num_attention_heads,
    width: hf.hidden_size,
    innerWidth: hf.intermediate_size,
    normEpsilon: hf.rms_norm_eps,
    tiedHead: hf.tie_word_embeddings,
    ropeTheta: theta.data ?? hf.rope_theta ?? 10000,
    ropeScaling: scaling?.rope_type === "llama3" ? fromLlama3(scaling) : null,
  });
}

function fromLlama3(hf: z.infer<typeof llama3Scaling>): RopeScaling {
  return {
    factor: hf.factor,
    lowFrequencyFactor: hf.low_freq_factor,
    highFrequencyFactor: hf.high_freq_factor,
    originalContextLength: hf.original_max_position_embeddings,
  };
}

function toLlama(config: LlamaConfig): Record<string, unknown> {
  const { ropeTheta, ropeScaling } = config;
  const scaling = ropeScaling === null ? { rope_type: "default" } : {
    rope_type: "llama3",
    factor: ropeScaling.factor,
    low_freq_factor: ropeScaling.lowFrequencyFactor,
    high_freq_factor: ropeScaling.highFrequencyFactor,
    original_max_position_embeddings: ropeScaling.originalContextLength,
  };
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: config.vocabSize,
    hidden_size: config.width,
    intermediate_size: config.innerWidth,
    num_hidden_layers: config.layerCount,
    num_attention_heads: config.headCount,
    num_key_value_heads: config.keyValueHeadCount,
    head_dim: config.headSize,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: ropeTheta,
    rope_scaling: ropeScaling === null ? null : scaling,
    rope_parameters: { rope_theta: ropeTheta, ...scaling },
    tie_word_embeddings: config.tiedHead,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    dtype: "float32",
  };
}

/** Old configs say `type` for `rope_type`, and some leave the default out. */
function withRopeType(fields: Record<string, unknown>): Record<string, unknown> {
  const named = (value: unknown) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    const { rope_type: ropeType, type } = value as Record<string, unknown>;
    return { ...value, rope_type: ropeType ?? type ?? "default" };
  };
  const [scaling, parameters] = [fields.rope_scaling, fields.rope_parameters].map(named);
  return { ...fields, rope_scaling: scaling, rope_parameters: parameters };
}

function parse<S extends z.ZodType>(shape: S, fields: Record<string, unknown>): z.infer<S> {
  const parsed = shape.safeParse(fields);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  let found: unknown = fields;
  for (const key of issue.path) found = (found as Record<PropertyKey, unknown> | undefined)?.[key];
  throw refuse(issue.path.join("."), found, supportedBy(issue));
}

function supportedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "invalid_union":
      return '"default" or "llama3"';
    case "invalid_type":
      return `a value of type ${issue.expected}`;
    case "too_small":
      return `above ${issue.minimum}`;
    default:
      return issue.message;
  }
}

function refuse(field: string, value: unknown, supported: string) {
  const found = JSON.stringify(value)?.slice(0, 80) ?? "missing";
  return modelError(
    "model/unsupported-config",
    `read config.json: ${field} is ${found}, supported: ${supported}`,
    { field, value, supported },
  );
}
