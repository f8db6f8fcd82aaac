/**
 * Llama (Touvron et al. 2023), layer by layer, forward and backward.
 *   x = embed_tokens[token]
 *   each layer: x += o_proj(attention(rope(q, k), v)) of input_layernorm(x)
 *               x += down_proj(silu(gate_proj(n))·up_proj(n)), n = post_attention_layernorm(x)
 *   logits = norm(x)·lm_headᵀ, or ·embed_tokensᵀ where the head is tied
 * Norms are root-mean-square, there are no biases, query heads share heads of keys and values in groups. Linear weights are
 * [out, in].
 */
import type { Binding, DispatchPlan, GpuBuffer } from "../gpu/mod.ts";
import { attentionBackward, type AttentionBindings, attentionForward, columnsOf } from "./attention.ts";
import type { ModelFamily } from "./build.ts";
import type { LlamaConfig } from "./config.ts";
import { embeddingBackward, embeddingForward, residualForward } from "./layers.ts";
import {
  projectionBackward,
  projectionForward,
  residualRmsnormForward,
  rmsnormBackward,
  rmsnormForward,
  rope,
  swigluBackward,
  swigluForward,
} from "./llama_layers.ts";
import { embeddingName, type ForwardPass, layerInput, type Pass } from "./pass.ts";
import { hiddenRegions, qkvRegions } from "./regions.ts";

type Forward = ForwardPass<LlamaConfig>;
type Backward = Pass<LlamaConfig>;

export const llamaFamily: ModelFamily<LlamaConfig> = {
  embedForward(plan, { config, rows, activations: act, parameters }) {
    const { contextLength, width } = config;
    const at = { tokens: act.tokens.whole(), wte: parameters.shards(embeddingName(config)) };
    embeddingForward(plan, { rows, contextLength, width }, at, act.embedded.whole());
  },

  layerForward(plan, pass, layer, isAgain = false) {
    attentionBlockForward(plan, pass, layer);
    mlpForward(plan, pass, layer, isAgain);
  },

  finalNormForward(plan, pass) {
    const { finalNormed, finalStatistics } = pass.activations;
    norm(plan, pass, "model.norm", layerInput(pass, pass.config.layerCount), finalNormed, finalStatistics);
  },

  finalNormBackward(plan, pass) {
    const x = layerInput(pass, pass.config.layerCount);
    normBackward(plan, pass, "model.norm", { x, rstd: pass.activations.finalStatistics }, false);
  },

  layerBackward(plan, pass, layer) {
    mlpBackward(plan, pass, layer);
    attentionBlockBackward(plan, pass, layer);
  },

  embedBackward(plan, { config, activations: act, gradients, accumulate }) {
    const { width, tiedHead } = config;
    const at = {
      positions: act.positions.whole(),
      starts: act.starts.whole(),
      dx: act.dresidual.whole(),
    };
    const dembedding = gradients.shards(embeddingName(config));
    embeddingBackward(plan, { width, accumulate: tiedHead || accumulate }, at, dembedding);
  },
};

/** From the layer's input to its middle and the norm of that. */
function attentionBlockForward(plan: DispatchPlan, pass: Forward, layer: number): void {
  const { config, rows, activations: act } = pass;
  const { width } = config;
  const of = act.layers[layer];
  const at = `model.layers.${layer}`;
  const input = layerInput(pass, layer);
  norm(plan, pass, `${at}.input_layernorm`, input, of.normed1, of.statistics1);
  const { queries, keys, values } = qkvRegions(of.qkv, config, rows);
  for (const { name, y, outWidth } of projections(config, { queries, keys, values })) {
    const w = pass.parameters.shards(`${at}.self_attn.${name}.weight`);
    projectionForward(plan, { rows, inWidth: width, outWidth }, { x: of.normed1.whole(), w, y });
  }
  rotate(plan, pass, { queries, keys }, false);
  attentionForward(plan, attentionShape(pass), attentionBindings(pass, layer));
  const [inWidth, w] = [
    config.headCount * config.headSize,
    pass.parameters.shards(`${at}.self_attn.o_proj.weight`),
  ];
  const branch = act.branch.whole();
  const shape = { rows, inWidth, outWidth: width };
  projectionForward(plan, shape, { x: of.attended.whole(), w, y: branch });
  residualRmsnormForward(plan, { rows, width, epsilon: config.normEpsilon }, {
    x: input,
    branch,
    gain: pass.parameter(`${at}.post_attention_layernorm.weight`),
    sum: of.middle.whole(),
    y: of.normed2.whole(),
    rstd: of.statistics2.whole(),
  });
}

/** From the norm of the layer's middle to its output, or to what of it the backward pass reads. */
function mlpForward(plan: DispatchPlan, pass: Forward, layer: number, isAgain: boolean): void {
  const { config, rows, activations: act, parameters } = pass;
  const { width, innerWidth } = config;
  const of = act.layers[layer];
  const at = `model.layers.${layer}`;
  const { gate, up } = hiddenRegions(of.hidden, config, rows);
  const shape = { rows, inWidth: width, outWidth: innerWidth };
  const [x, y] = [of.normed2.whole(), of.activated.whole()];
  projectionForward(plan, shape, { x, w: parameters.shards(`${at}.mlp.gate_proj.weight`), y: gate });
  projectionForward(plan, shape, { x, w: parameters.shards(`${at}.mlp.up_proj.weight`), y: up });
  swigluForward(plan, rows * innerWidth, { gate, up, y });
  if (isAgain) return;
  const branch = act.branch.whole();
  projectionForward(
    plan,
    { rows, inWidth: innerWidth, outWidth: width },
    { x: y, w: parameters.shards(`${at}.mlp.down_proj.weight`), y: branch },
  );
  residualForward(plan, rows * width, of.middle.whole(), branch, of.output.whole());
}

/** dresidual from that of the layer's output to that of its middle, in place. */
function mlpBackward(plan: DispatchPlan, pass: Backward, layer: number): void {
  const { config, rows, activations: act } = pass;
  const { width, innerWidth } = config;
  const of = act.layers[layer];
  const at = `model.layers.${layer}`;
  const { gate: dgate, up: dup } = hiddenRegions(act.dhidden, config, rows);
  const down = { x: of.activated.whole(), dy: act.dresidual.whole(), dx: dgate };
  backProject(plan, pass, `${at}.mlp.down_proj`, down, { inWidth: innerWidth, outWidth: width });
  swigluBackward(plan, rows * innerWidth, hiddenRegions(of.hidden, config, rows), { dgate, dup });
  const shape = { inWidth: width, outWidth: innerWidth };
  const [x, dx] = [of.normed2.whole(), act.dnormed.whole()];
  backProject(plan, pass, `${at}.mlp.gate_proj`, { x, dy: dgate, dx }, shape);
  backProject(plan, pass, `${at}.mlp.up_proj`, { x, dy: dup, dx }, shape, true);
  const middle = { x: of.middle.whole(), rstd: of.statistics2 };
  normBackward(plan, pass, `${at}.post_attention_layernorm`, middle, true);
}

/** dresidual from that of the layer's middle to that of its input, in place. */
function attentionBlockBackward(plan: DispatchPlan, pass: Backward, layer: number): void {
  const { config, rows, activations: act } = pass;
  const { width, headCount, keyValueHeadCount, headSize } = config;
  const of = act.layers[layer];
  const at = `model.layers.${layer}`;
  const [queryWidth, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const dattended = act.dattended.whole();
  const out = { x: of.attended.whole(), dy: act.dresidual.whole(), dx: dattended };
  backProject(plan, pass, `${at}.self_attn.o_proj`, out, { inWidth: queryWidth, outWidth: width });
  const { queries, keys, values } = qkvRegions(act.dqkv, config, rows);
  attentionBackward(plan, attentionShape(pass), attentionBindings(pass, layer), {
    dout: columnsOf(dattended, queryWidth),
    dqueries: columnsOf(queries, queryWidth),
    dkeys: columnsOf(keys, keyWidth),
    dvalues: columnsOf(values, keyWidth),
    rowDot: act.rowDot.whole(),
  });
  rotate(plan, pass, { queries, keys }, true);
  const [x, dx] = [of.normed1.whole(), act.dnormed.whole()];
  projections(config, { queries, keys, values }).forEach(({ name, y: dy, outWidth }, index) => {
    backProject(
      plan,
      pass,
      `${at}.self_attn.${name}`,
      { x, dy, dx },
      { inWidth: width, outWidth },
      index > 0,
    );
  });
  const input = { x: layerInput(pass, layer), rstd: of.statistics1 };
  normBackward(plan, pass, `${at}.input_layernorm`, input, true);
}

interface Heads {
  readonly queries: Binding;
  readonly keys: Binding;
  readonly values: Binding;
}

function projections(
  { headCount, keyValueHeadCount, headSize }: LlamaConfig,
  { queries, keys, values }: Heads,
): { name: string; y: Binding; outWidth: number }[] {
  return [
    { name: "q_proj", y: queries, outWidth: headCount * headSize },
    { name: "k_proj", y: keys, outWidth: keyValueHeadCount * headSize },
    { name: "v_proj", y: values, outWidth: keyValueHeadCount * headSize },
  ];
}

function rotate(
  plan: DispatchPlan,
  { config, rows, activations }: Forward,
  { queries, keys }: Omit<Heads, "values">,
  inverse: boolean,
): void {
  const { contextLength, headCount, keyValueHeadCount, headSize } = config;
  const shape = { rows, contextLength, headSize };
  const table = activations.rope.whole();
  rope(plan, { ...shape, heads: headCount }, queries, table, inverse);
  rope(plan, { ...shape, heads: keyValueHeadCount }, keys, table, inverse);
}

function attentionShape({ config, batchSize }: Forward) {
  const { contextLength, headCount, keyValueHeadCount, headSize } = config;
  return { batchSize, contextLength, headCount, keyValueHeadCount, headSize };
}

function attentionBindings({ config, rows, activations: act }: Forward, layer: number): AttentionBindings {
  const { headCount, keyValueHeadCount, headSize } = config;
  const { qkv, attended, logSumExp } = act.layers[layer];
  const [queryWidth, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const { queries, keys, values } = qkvRegions(qkv, config, rows);
  return {
    queries: columnsOf(queries, queryWidth),
    keys: columnsOf(keys, keyWidth),
    values: columnsOf(values, keyWidth),
    out: columnsOf(attended.whole(), queryWidth),
    logSumExp: logSumExp.whole(),
  };
}

function backProject(
  plan: DispatchPlan,
  { rows, parameters, gradients, accumulate }: Backward,
  name: string,
  { x, dy, dx }: { x: Binding; dy: Binding; dx: Binding },
  widths: { inWidth: number; outWidth: number },
  addsToInput = false,
): void {
  const [w, dw] = [parameters, gradients].map((of) => of.shards(`${name}.weight`));
  projectionBackward(plan, { rows, ...widths, addsToInput }, { x, w, dy }, { dx, dw, accumulate });
}

function norm(
  plan: DispatchPlan,
  { config: { width, normEpsilon }, rows, parameter }: Forward,
  name: string,
  x: Binding,
  y: GpuBuffer,
  rstd: GpuBuffer,
): void {
  const gain = parameter(`${name}.weight`);
  const at = { x, gain, y: y.whole(), rstd: rstd.whole() };
  rmsnormForward(plan, { rows, width, epsilon: normEpsilon }, at);
}

/** From dnormed to dresidual, which it adds to when `addsToStream`, else overwrites. */
function normBackward(
  plan: DispatchPlan,
  { config: { width }, rows, activations: act, parameter, gradient, accumulate }: Backward,
  name: string,
  { x, rstd }: { x: Binding; rstd: GpuBuffer },
  addsToStream: boolean,
): void {
  const [gain, dgain] = [parameter(`${name}.weight`), gradient(`${name}.weight`)];
  rmsnormBackward(
    plan,
    { rows, width, addsToStream },
    { x, gain, rstd: rstd.whole(), dy: act.dnormed.whole() },
    { dx: act.dresidual.whole(), dgain, accumulate },
  );
}
