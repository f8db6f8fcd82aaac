/**
 * GPT-2 (Radford et al. 2019), layer by layer, forward and backward.
 *   x = wte[token] + wpe[position]
 *   each layer: x += c_proj(attention(ln_1(x)));  x += c_proj(gelu(c_fc(ln_2(x))))
 *   logits = ln_f(x)·wteᵀ, or ·lm_headᵀ where the head is not tied
 * Linear weights are Conv1D's, [in, out].
 */
import type { Binding, DispatchPlan, GpuBuffer } from "../gpu/mod.ts";
import { attentionBackward, attentionForward, columnsOf, packedColumns } from "./attention.ts";
import type { ModelFamily } from "./build.ts";
import type { Gpt2Config } from "./config.ts";
import type { FollowingGelu } from "./gelu.ts";
import {
  embeddingBackward,
  embeddingForward,
  layernormBackward,
  layernormForward,
  linearBackward,
  residualForward,
  residualLayernormForward,
} from "./layers.ts";
import { type ForwardPass, layerInput, type Pass } from "./pass.ts";
import { shardedNN } from "./sharded_matmul.ts";

export const gpt2Family: ModelFamily<Gpt2Config> = {
  embedForward(plan, { config: { contextLength, width }, rows, activations: act, parameters, parameter }) {
    const wte = parameters.shards("transformer.wte.weight");
    const at = { tokens: act.tokens.whole(), wte, wpe: parameter("transformer.wpe.weight") };
    embeddingForward(plan, { rows, contextLength, width }, at, act.embedded.whole());
  },

  layerForward(plan, pass, layer, isAgain = false) {
    attentionBlockForward(plan, pass, layer);
    mlpForward(plan, pass, layer, isAgain);
  },

  finalNormForward(plan, pass) {
    const { finalNormed, finalStatistics } = pass.activations;
    const input = layerInput(pass, pass.config.layerCount);
    norm(plan, pass, "transformer.ln_f", input, finalNormed.whole(), finalStatistics);
  },

  finalNormBackward(plan, pass) {
    const { dnormed, finalStatistics } = pass.activations;
    const x = layerInput(pass, pass.config.layerCount);
    normBackward(plan, pass, "transformer.ln_f", { x, dy: dnormed, statistics: finalStatistics }, false);
  },

  layerBackward(plan, pass, layer) {
    mlpBackward(plan, pass, layer);
    attentionBlockBackward(plan, pass, layer);
  },

  embedBackward(plan, { config, batchSize, activations: act, gradients, gradient, accumulate }) {
    const { contextLength, width, tiedHead } = config;
    const dx = act.dresidual.whole();
    const at = { positions: act.positions.whole(), starts: act.starts.whole(), dx };
    const dwte = gradients.shards("transformer.wte.weight");
    embeddingBackward(plan, { width, accumulate: tiedHead || accumulate }, at, dwte);
    plan.add(
      "position_embedding_backward",
      { BATCH: batchSize, CONTEXT: contextLength, WIDTH: width, ACCUMULATE: accumulate ? 1 : 0 },
      [dx, gradient("transformer.wpe.weight")],
      contextLength * width,
    );
  },
};

/** From the layer's input to its middle and the norm of that. */
function attentionBlockForward(plan: DispatchPlan, pass: ForwardPass<Gpt2Config>, layer: number): void {
  const { config, batchSize, rows, activations: act } = pass;
  const { width } = config;
  const of = act.layers[layer];
  const h = `transformer.h.${layer}`;
  const [normed, qkv, attended, logSumExp, branch] = [
    of.normed1,
    of.qkv,
    of.attended,
    of.logSumExp,
    act.branch,
  ].map((buffer) => buffer.whole());
  const input = layerInput(pass, layer);
  norm(plan, pass, `${h}.ln_1`, input, normed, of.statistics1);
  linear(plan, pass, `${h}.attn.c_attn`, { x: normed, y: qkv }, width, 3 * width);
  const shape = { ...config, batchSize };
  const out = columnsOf(attended, width);
  attentionForward(plan, shape, { ...packedColumns(qkv, shape), out, logSumExp });
  linear(plan, pass, `${h}.attn.c_proj`, { x: attended, y: branch }, width, width);
  residualLayernormForward(plan, { rows, width, epsilon: config.normEpsilon }, { x: input, branch }, {
    x: of.middle.whole(),
    gain: pass.parameter(`${h}.ln_2.weight`),
    bias: pass.parameter(`${h}.ln_2.bias`),
    y: of.normed2.whole(),
    statistics: of.statistics2.whole(),
  });
}

/** From the layer's middle and the norm of it to its output, or to what of it the backward pass reads. */
function mlpForward(
  plan: DispatchPlan,
  pass: ForwardPass<Gpt2Config>,
  layer: number,
  isAgain: boolean,
): void {
  const { config: { width, innerWidth, activation }, rows, activations: act } = pass;
  const of = act.layers[layer];
  const h = `transformer.h.${layer}`;
  const [middle, normed, hidden, activated, branch] = [
    of.middle,
    of.normed2,
    of.hidden,
    of.activated,
    act.branch,
  ].map((buffer) => buffer.whole());
  const gelu = { form: activation, pass: "forward", at: activated } as const;
  linear(plan, pass, `${h}.mlp.c_fc`, { x: normed, y: hidden }, width, innerWidth, gelu);
  if (isAgain) return;
  linear(plan, pass, `${h}.mlp.c_proj`, { x: activated, y: branch }, innerWidth, width);
  residualForward(plan, rows * width, middle, branch, of.output.whole());
}

/** dresidual from that of the layer's output to that of its middle, in place. */
function mlpBackward(plan: DispatchPlan, pass: Pass<Gpt2Config>, layer: number): void {
  const { config: { width, innerWidth, activation }, activations: act } = pass;
  const of = act.layers[layer];
  const h = `transformer.h.${layer}`;
  const [dx, dhidden, dnormed, activated, hidden, normed] = [
    act.dresidual,
    act.dhidden,
    act.dnormed,
    of.activated,
    of.hidden,
    of.normed2,
  ].map((buffer) => buffer.whole());
  backLinear(
    plan,
    pass,
    `${h}.mlp.c_proj`,
    { x: activated, dy: dx, dx: dhidden },
    innerWidth,
    width,
    { form: activation, pass: "backward", at: hidden },
  );
  backLinear(plan, pass, `${h}.mlp.c_fc`, { x: normed, dy: dhidden, dx: dnormed }, width, innerWidth);
  const at = { x: of.middle.whole(), dy: act.dnormed, statistics: of.statistics2 };
  normBackward(plan, pass, `${h}.ln_2`, at, true);
}

/** dresidual from that of the layer's middle to that of its input, in place. */
function attentionBlockBackward(plan: DispatchPlan, pass: Pass<Gpt2Config>, layer: number): void {
  const { config, batchSize, activations: act } = pass;
  const { width } = config;
  const of = act.layers[layer];
  const h = `transformer.h.${layer}`;
  const [dx, dattended, dqkv, rowDot, dnormed, qkv, attended, logSumExp, normed] = [
    act.dresidual,
    act.dattended,
    act.dqkv,
    act.rowDot,
    act.dnormed,
    of.qkv,
    of.attended,
    of.logSumExp,
    of.normed1,
  ].map((buffer) => buffer.whole());
  backLinear(plan, pass, `${h}.attn.c_proj`, { x: attended, dy: dx, dx: dattended }, width, width);
  const shape = { ...config, batchSize };
  const out = columnsOf(attended, width);
  const dout = columnsOf(dattended, width);
  const { queries: dqueries, keys: dkeys, values: dvalues } = packedColumns(dqkv, shape);
  const gradients = { dout, dqueries, dkeys, dvalues, rowDot };
  attentionBackward(plan, shape, { ...packedColumns(qkv, shape), out, logSumExp }, gradients);
  backLinear(plan, pass, `${h}.attn.c_attn`, { x: normed, dy: dqkv, dx: dnormed }, width, 3 * width);
  const at = { x: layerInput(pass, layer), dy: act.dnormed, statistics: of.statistics1 };
  normBackward(plan, pass, `${h}.ln_1`, at, true);
}

function linear(
  plan: DispatchPlan,
  { rows, parameter, parameters }: ForwardPass,
  name: string,
  { x, y }: { x: Binding; y: Binding },
  inner: number,
  columns: number,
  gelu?: FollowingGelu,
): void {
  const bias = parameter(`${name}.bias`);
  shardedNN(plan, { rows, columns, inner }, x, parameters.shards(`${name}.weight`), y, { bias, gelu });
}

function backLinear(
  plan: DispatchPlan,
  { rows, parameters, gradients, gradient, accumulate }: Pass,
  name: string,
  { x, dy, dx }: { x: Binding; dy: Binding; dx: Binding },
  inWidth: number,
  outWidth: number,
  gelu?: FollowingGelu,
): void {
  const [w, dw] = [parameters, gradients].map((of) => of.shards(`${name}.weight`));
  const dbias = gradient(`${name}.bias`);
  linearBackward(plan, { rows, inWidth, outWidth }, { x, w, dy }, { dx, dw, dbias, accumulate }, gelu);
}

function norm(
  plan: DispatchPlan,
  { config: { width, normEpsilon }, rows, parameter }: ForwardPass,
  name: string,
  x: Binding,
  y: Binding,
  statistics: GpuBuffer,
): void {
  const [gain, bias] = [parameter(`${name}.weight`), parameter(`${name}.bias`)];
  const shape = { rows, width, epsilon: normEpsilon };
  layernormForward(plan, shape, { x, gain, bias, y, statistics: statistics.whole() });
}

/** To dresidual, which it adds to when `addsToStream`, else overwrites. */
function normBackward(
  plan: DispatchPlan,
  { config: { width }, rows, activations, parameter, gradient, accumulate }: Pass,
  name: string,
  { x, dy, statistics }: { x: Binding; dy: GpuBuffer; statistics: GpuBuffer },
  addsToStream: boolean,
): void {
  const gain = parameter(`${name}.weight`);
  const [dgain, dbias] = [gradient(`${name}.weight`), gradient(`${name}.bias`)];
  layernormBackward(
    plan,
    { rows, width, addsToStream },
    { x, gain, statistics: statistics.whole(), dy: dy.whole() },
    { dx: activations.dresidual.whole(), dgain, dbias, accumulate },
  );
}
