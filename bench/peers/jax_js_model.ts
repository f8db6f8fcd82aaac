/**
 * GPT-2 in jax-js, as its users would write it: the same shapes, names and formulas as src/model/gpt2.ts, attention by its
 * own `dotProductAttention`, gradients by `valueAndGrad`, everything under one `jit`. Every use of an array but the last is
 * a `.ref`, because jax-js's functions own their arguments.
 */
import { jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { ModelConfig } from "../../src/model/mod.ts";
import type { AdamWOptions } from "../../src/optim/adamw.ts";

/** By Hugging Face name. */
export type Tensors = Record<string, np.Array>;

/** Parameters and moments; a step consumes one state and makes the next. */
export type State = { parameters: Tensors; m: Tensors; v: Tensors };

/** [learning rate, 1/(1 − β1ᵗ), 1/(1 − β2ᵗ)] as three scalars. */
export type Schedule = { learningRate: np.Array; correctM: np.Array; correctV: np.Array };

export type Step = (
  state: State,
  inputs: np.Array,
  targets: np.Array,
  schedule: Schedule,
) => { state: State; loss: np.Array };

/** @param isMatrix whether weight decay applies to the tensor of this name */
export function jaxJsStep(
  config: ModelConfig,
  batchSize: number,
  adamw: AdamWOptions,
  isMatrix: (name: string) => boolean,
): Step {
  const gradients = valueAndGrad((parameters: Tensors, inputs: np.Array, targets: np.Array) =>
    meanLoss(config, batchSize, parameters, inputs, targets)
  );
  return jit((state: State, inputs: np.Array, targets: np.Array, schedule: Schedule) => {
    const [loss, raw] = gradients(mapTensors(state.parameters, (tensor) => tensor.ref), inputs, targets) as [
      np.Array,
      Tensors,
    ];
    return { state: update(state, raw, schedule, adamw, isMatrix), loss };
  }) as unknown as Step;
}

/** inputs, targets [B·T] int32 → mean cross-entropy */
function meanLoss(
  config: ModelConfig,
  batchSize: number,
  p: Tensors,
  inputs: np.Array,
  targets: np.Array,
): np.Array {
  const { contextLength, vocabSize, width, layerCount, headCount, normEpsilon } = config;
  const rows = batchSize * contextLength;
  const take = (name: string) => p[`transformer.${name}`].ref;
  const norm = (x: np.Array, name: string) =>
    layerNorm(x, take(`${name}.weight`), take(`${name}.bias`), normEpsilon);
  const linear = (x: np.Array, name: string) =>
    np.matmul(x, take(`${name}.weight`)).add(take(`${name}.bias`));
  const split = (x: np.Array) => x.reshape([batchSize, contextLength, headCount, width / headCount]);

  const embedded = np.matmul(nn.oneHot(inputs, vocabSize), take("wte.weight"))
    .reshape([batchSize, contextLength, width]);
  let x = embedded.add(take("wpe.weight")).reshape([rows, width]);
  for (let layer = 0; layer < layerCount; layer++) {
    const h = `h.${layer}`;
    const [query, key, value] = np.split(linear(norm(x.ref, `${h}.ln_1`), `${h}.attn.c_attn`), 3, 1).map(
      split,
    );
    const attended = nn.dotProductAttention(query, key, value, { isCausal: true }).reshape([rows, width]);
    x = x.add(linear(attended, `${h}.attn.c_proj`));
    const hidden = nn.gelu(linear(norm(x.ref, `${h}.ln_2`), `${h}.mlp.c_fc`));
    x = x.add(linear(hidden, `${h}.mlp.c_proj`));
  }
  const logits = np.matmul(norm(x, "ln_f"), np.transpose(take("wte.weight")));
  const chosen = nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, vocabSize));
  for (const tensor of Object.values(p)) tensor.dispose();
  return chosen.sum().mul(-1 / rows);
}

/** x [rows, width] */
function layerNorm(x: np.Array, gain: np.Array, bias: np.Array, epsilon: number): np.Array {
  return nn.standardize(x, -1, { epsilon }).mul(gain).add(bias);
}

function update(
  { parameters, m, v }: State,
  raw: Tensors,
  { learningRate, correctM, correctV }: Schedule,
  { beta1, beta2, epsilon, weightDecay, maxGradNorm }: AdamWOptions,
  isMatrix: (name: string) => boolean,
): State {
  const squares = Object.values(raw).map((gradient) => np.square(gradient.ref).sum());
  const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
  const scale = np.minimum(np.array(maxGradNorm).div(norm), 1);
  const next: State = { parameters: {}, m: {}, v: {} };
  for (const name of Object.keys(parameters)) {
    const gradient = raw[name].mul(scale.ref);
    const nextM = m[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
    const nextV = v[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const direction = nextM.ref.mul(correctM.ref).div(np.sqrt(nextV.ref.mul(correctV.ref)).add(epsilon));
    const decayed = isMatrix(name) ? direction.add(parameters[name].ref.mul(weightDecay)) : direction;
    next.parameters[name] = parameters[name].sub(decayed.mul(learningRate.ref));
    next.m[name] = nextM;
    next.v[name] = nextV;
  }
  for (const spent of [scale, learningRate, correctM, correctV]) spent.dispose();
  return next;
}

function mapTensors(tensors: Tensors, change: (tensor: np.Array) => np.Array): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
}
