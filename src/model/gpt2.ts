/**
 * GPT-2 (Radford et al. 2019), forward and backward, as two dispatch plans over fixed buffers.
 *   x = wte[token] + wpe[position]
 *   each layer: x += c_proj(attention(ln_1(x)));  x += c_proj(gelu(c_fc(ln_2(x))))
 *   logits = ln_f(x)·wteᵀ, loss = mean cross-entropy
 * The backward plan must follow a forward plan over the same tokens. Every element of the gradient arena that belongs to
 * a tensor is overwritten by it; nothing needs zeroing between steps. A layer is 11 dispatches forward and 19 backward.
 */
import { assert } from "../base/assert.ts";
import type { Binding, DispatchPlan, GpuBuffer, Grid } from "../gpu/mod.ts";
import type { Activations } from "./activations.ts";
import type { ModelConfig } from "./config.ts";
import { layernormBackward, layernormForward, linearBackward } from "./layers.ts";
import { matmulNN, matmulNT, matmulTN } from "./matmul.ts";
import type { ParameterLayout } from "./parameters.ts";

export interface Gpt2Buffers {
  readonly layout: ParameterLayout;
  readonly parameters: GpuBuffer;
  readonly gradients: GpuBuffer;
  readonly activations: Activations;
}

/** Finds a tensor of either arena by its name without the "transformer." prefix. */
type Find = (name: string) => Binding;

export function gpt2Forward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  at: Gpt2Buffers,
): void {
  const { activations: act } = at;
  const { width, vocabSize, contextLength } = config;
  const rows = batchSize * contextLength;
  const p = finder(at.layout, at.parameters);
  plan.add(
    "embedding_forward",
    { ROWS: rows, CONTEXT: contextLength, WIDTH: width },
    [act.tokens.whole(), p("wte.weight"), p("wpe.weight"), act.embedded.whole()],
    rows * width,
  );
  for (let layer = 0; layer < config.layerCount; layer++) layerForward(plan, config, batchSize, at, layer, p);
  layernormForward(plan, rows, width, {
    x: layerInput(act, config.layerCount),
    gain: p("ln_f.weight"),
    bias: p("ln_f.bias"),
    y: act.finalNormed.whole(),
    statistics: act.finalStatistics.whole(),
  });
  const shape = { rows, columns: vocabSize, inner: width };
  matmulNT(plan, shape, act.finalNormed.whole(), p("wte.weight"), act.logits.whole());
  plan.add(
    "cross_entropy",
    { ROWS: rows, VOCABULARY: vocabSize },
    [act.logits.whole(), act.targets.whole(), act.losses.whole()],
    rows,
  );
}

export function gpt2Backward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  at: Gpt2Buffers,
): void {
  const { activations: act } = at;
  const { width, vocabSize, contextLength } = config;
  const rows = batchSize * contextLength;
  const p = finder(at.layout, at.parameters);
  const d = finder(at.layout, at.gradients);
  const [normed, dlogits, dnormed, dx] = [act.finalNormed, act.logits, act.dnormed, act.dresidual].map((b) =>
    b.whole()
  );
  matmulNN(plan, { rows, columns: width, inner: vocabSize }, dlogits, p("wte.weight"), dnormed);
  matmulTN(plan, { rows: vocabSize, columns: width, inner: rows }, dlogits, normed, d("wte.weight"));
  layernormBackward(
    plan,
    { rows, width, accumulate: false },
    {
      x: layerInput(act, config.layerCount),
      gain: p("ln_f.weight"),
      statistics: act.finalStatistics.whole(),
      dy: dnormed,
    },
    { dx, dgain: d("ln_f.weight"), dbias: d("ln_f.bias") },
  );
  for (let layer = config.layerCount - 1; layer >= 0; layer--) {
    mlpBackward(plan, config, batchSize, at, layer, p, d);
    attentionBackward(plan, config, batchSize, at, layer, p, d);
  }
  plan.add(
    "embedding_backward",
    { VOCABULARY: vocabSize, WIDTH: width },
    [act.positions.whole(), act.starts.whole(), dx, d("wte.weight")],
    vocabSize * width,
  );
  plan.add(
    "position_embedding_backward",
    { BATCH: batchSize, CONTEXT: contextLength, WIDTH: width },
    [dx, d("wpe.weight")],
    contextLength * width,
  );
}

function layerForward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  { activations: act }: Gpt2Buffers,
  layer: number,
  p: Find,
): void {
  const { width } = config;
  const rows = batchSize * config.contextLength;
  const of = act.layers[layer];
  const h = `h.${layer}`;
  const input = layerInput(act, layer);
  const [normed1, qkv, attended, middle, normed2, hidden, activated, branch] = [
    of.normed1,
    of.qkv,
    of.attended,
    of.middle,
    of.normed2,
    of.hidden,
    of.activated,
    act.branch,
  ].map((buffer) => buffer.whole());
  const linear = (x: Binding, y: Binding, name: string, inner: number, columns: number) =>
    matmulNN(plan, { rows, columns, inner }, x, p(`${h}.${name}.weight`), y, {
      bias: p(`${h}.${name}.bias`),
    });
  const norm = (x: Binding, y: Binding, name: string, statistics: GpuBuffer) =>
    layernormForward(plan, rows, width, {
      x,
      gain: p(`${h}.${name}.weight`),
      bias: p(`${h}.${name}.bias`),
      y,
      statistics: statistics.whole(),
    });
  const residual = (x: Binding, y: Binding) =>
    plan.add("residual_forward", { COUNT: rows * width }, [x, branch, y], rows * width);

  norm(input, normed1, "ln_1", of.statistics1);
  linear(normed1, qkv, "attn.c_attn", width, 3 * width);
  plan.add(
    "attention_forward",
    attentionConstants(config),
    [qkv, attended, of.logSumExp.whole()],
    attentionGrid(config, batchSize, plan.workgroupSize),
  );
  linear(attended, branch, "attn.c_proj", width, width);
  residual(input, middle);
  norm(middle, normed2, "ln_2", of.statistics2);
  linear(normed2, hidden, "mlp.c_fc", width, 4 * width);
  plan.add("gelu_forward", { COUNT: rows * 4 * width }, [hidden, activated], rows * 4 * width);
  linear(activated, branch, "mlp.c_proj", 4 * width, width);
  residual(middle, of.output.whole());
}

/** From dresidual, the gradient of the layer's output, to that of its middle, in place. */
function mlpBackward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  { activations: act }: Gpt2Buffers,
  layer: number,
  p: Find,
  d: Find,
): void {
  const { width } = config;
  const rows = batchSize * config.contextLength;
  const of = act.layers[layer];
  const h = `h.${layer}`;
  const [dx, dhidden, dnormed] = [act.dresidual, act.dhidden, act.dnormed].map((buffer) => buffer.whole());
  linearBackward(
    plan,
    { rows, inWidth: 4 * width, outWidth: width },
    { x: of.activated.whole(), w: p(`${h}.mlp.c_proj.weight`), dy: dx },
    { dx: dhidden, dw: d(`${h}.mlp.c_proj.weight`), dbias: d(`${h}.mlp.c_proj.bias`) },
  );
  plan.add("gelu_backward", { COUNT: rows * 4 * width }, [of.hidden.whole(), dhidden], rows * 4 * width);
  linearBackward(
    plan,
    { rows, inWidth: width, outWidth: 4 * width },
    { x: of.normed2.whole(), w: p(`${h}.mlp.c_fc.weight`), dy: dhidden },
    { dx: dnormed, dw: d(`${h}.mlp.c_fc.weight`), dbias: d(`${h}.mlp.c_fc.bias`) },
  );
  layernormBackward(
    plan,
    { rows, width, accumulate: true },
    { x: of.middle.whole(), gain: p(`${h}.ln_2.weight`), statistics: of.statistics2.whole(), dy: dnormed },
    { dx, dgain: d(`${h}.ln_2.weight`), dbias: d(`${h}.ln_2.bias`) },
  );
}

/** From dresidual, the gradient of the layer's middle, to that of its input, in place. */
function attentionBackward(
  plan: DispatchPlan,
  config: ModelConfig,
  batchSize: number,
  { activations: act }: Gpt2Buffers,
  layer: number,
  p: Find,
  d: Find,
): void {
  const { width } = config;
  const rows = batchSize * config.contextLength;
  const of = act.layers[layer];
  const h = `h.${layer}`;
  const [dx, dattended, dqkv, dnormed, qkv, attended, logSumExp, rowDot] = [
    act.dresidual,
    act.dattended,
    act.dqkv,
    act.dnormed,
    of.qkv,
    of.attended,
    of.logSumExp,
    act.rowDot,
  ].map((buffer) => buffer.whole());
  linearBackward(
    plan,
    { rows, inWidth: width, outWidth: width },
    { x: attended, w: p(`${h}.attn.c_proj.weight`), dy: dx },
    { dx: dattended, dw: d(`${h}.attn.c_proj.weight`), dbias: d(`${h}.attn.c_proj.bias`) },
  );
  const constants = attentionConstants(config);
  const grid = attentionGrid(config, batchSize, plan.workgroupSize);
  plan.add("attention_query_backward", constants, [qkv, attended, logSumExp, dattended, dqkv, rowDot], grid);
  plan.add("attention_key_value_backward", constants, [qkv, logSumExp, rowDot, dattended, dqkv], grid);
  linearBackward(
    plan,
    { rows, inWidth: width, outWidth: 3 * width },
    { x: of.normed1.whole(), w: p(`${h}.attn.c_attn.weight`), dy: dqkv },
    { dx: dnormed, dw: d(`${h}.attn.c_attn.weight`), dbias: d(`${h}.attn.c_attn.bias`) },
  );
  layernormBackward(
    plan,
    { rows, width, accumulate: true },
    {
      x: layerInput(act, layer),
      gain: p(`${h}.ln_1.weight`),
      statistics: of.statistics1.whole(),
      dy: dnormed,
    },
    { dx, dgain: d(`${h}.ln_1.weight`), dbias: d(`${h}.ln_1.bias`) },
  );
}

/** The residual stream before `layer`; for layer L, the one after the last. */
function layerInput(act: Activations, layer: number): Binding {
  return (layer === 0 ? act.embedded : act.layers[layer - 1].output).whole();
}

function attentionConstants({ contextLength, headCount, width }: ModelConfig) {
  return { CONTEXT: contextLength, HEADS: headCount, HEAD_SIZE: width / headCount };
}

function attentionGrid(
  { contextLength, headCount }: ModelConfig,
  batchSize: number,
  workgroupSize: number,
): Grid {
  return [Math.ceil(contextLength / workgroupSize), batchSize * headCount];
}

function finder(layout: ParameterLayout, buffer: GpuBuffer): Find {
  const bindings = new Map(
    layout.entries.map(({ name, offset, elementCount }) => [name, buffer.slice(offset, elementCount)]),
  );
  return (name) => {
    const binding = bindings.get(`transformer.${name}`);
    assert(binding !== undefined, `no parameter named ${name}`);
    return binding;
  };
}
