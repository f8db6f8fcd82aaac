/**
 * The training step of one preset in our engine and in jax-js: the same initial parameters and batches. The losses of the
 * first steps must agree before anything is timed; then the two take turns.
 */
import { blockUntilReady, numpy as np } from "@jax-js/jax";
import { Random } from "../../src/base/random.ts";
import type { Gpu } from "../../src/gpu/mod.ts";
import { initialParameters, MODEL_PRESETS, parameterLayout } from "../../src/model/mod.ts";
import { biasCorrections, DEFAULT_ADAMW } from "../../src/optim/adamw.ts";
import { TrainEngine } from "../../src/train/engine.ts";
import { jaxJsStep, type State, type Tensors } from "./jax_js_model.ts";
import { median } from "./matmul_comparison.ts";

export interface StepRates {
  readonly preset: string;
  /** Tokens a second. */
  readonly ours: number;
  readonly jaxjs: number;
}

interface StepPeer {
  /** One step on tokens [batchSize, contextLength + 1]; the loss before it. */
  step(tokens: Uint32Array): Promise<number>;
}

const LEARNING_RATE = 3e-3;
const VERIFIED_STEPS = 3;
/** Both compute in f32, in different orders; three steps at this rate let 1e-6 grow a little. */
const MAX_LOSS_DIFFERENCE = 1e-4;

export async function compareStep(
  gpu: Gpu,
  { preset, batchSize, turns, seed }: {
    preset: "pico" | "nano";
    batchSize: number;
    turns: number;
    seed: number;
  },
): Promise<StepRates> {
  const config = MODEL_PRESETS[preset];
  const parameters = initialParameters(config, seed);
  const engine = await TrainEngine.create(gpu, config, { batchSize, adamw: DEFAULT_ADAMW });
  try {
    engine.loadParameters(parameters);
    const ours: StepPeer = {
      step: async (tokens) => (await engine.trainStep(tokens, LEARNING_RATE)).loss,
    };
    const jaxjs = await jaxJsPeer(config, batchSize, parameters);
    const random = new Random(seed);
    const tokensOfStep = batchSize * (config.contextLength + 1);
    const batches = Array.from(
      { length: VERIFIED_STEPS + turns },
      () => Uint32Array.from({ length: tokensOfStep }, () => random.nextBelow(config.vocabSize)),
    );
    for (const batch of batches.slice(0, VERIFIED_STEPS)) {
      const [our, their] = [await ours.step(batch), await jaxjs.step(batch)];
      if (!(Math.abs(our - their) <= MAX_LOSS_DIFFERENCE)) {
        throw new Error(
          `verify the step of ${preset}: our loss ${our}, jax-js's ${their}, at most ${MAX_LOSS_DIFFERENCE} apart required`,
        );
      }
    }
    const tokens = batchSize * config.contextLength;
    const rates: { ours: number[]; jaxjs: number[] } = { ours: [], jaxjs: [] };
    for (const batch of batches.slice(VERIFIED_STEPS)) {
      for (const [name, peer] of [["ours", ours], ["jaxjs", jaxjs]] as const) {
        const startMs = performance.now();
        await peer.step(batch);
        rates[name].push(tokens / ((performance.now() - startMs) / 1000));
      }
    }
    return { preset, ours: median(rates.ours), jaxjs: median(rates.jaxjs) };
  } finally {
    engine.destroy();
  }
}

async function jaxJsPeer(
  config: typeof MODEL_PRESETS["nano"],
  batchSize: number,
  parameters: Float32Array<ArrayBuffer>,
): Promise<StepPeer> {
  const { entries } = parameterLayout(config);
  const tensors = (values: (offset: number, count: number) => Float32Array<ArrayBuffer>): Tensors =>
    Object.fromEntries(
      entries.map(({ name, shape, offset, elementCount }) => [
        name,
        np.array(values(offset, elementCount)).reshape([...shape]),
      ]),
    );
  const zeros = (_: number, count: number) => new Float32Array(count);
  let state: State = {
    parameters: tensors((offset, count) => parameters.slice(offset, offset + count)),
    m: tensors(zeros),
    v: tensors(zeros),
  };
  const decayed = new Map(entries.map(({ name, decay }) => [name, decay]));
  const step = jaxJsStep(config, batchSize, DEFAULT_ADAMW, (name) => decayed.get(name)!);
  let stepCount = 0;
  return {
    async step(tokens) {
      const { contextLength } = config;
      const column = (first: number) => {
        const values = new Int32Array(batchSize * contextLength);
        for (let i = 0; i < values.length; i++) {
          values[i] = tokens[Math.floor(i / contextLength) * (contextLength + 1) + i % contextLength + first];
        }
        return np.array(values);
      };
      stepCount++;
      const [correctM, correctV] = biasCorrections(DEFAULT_ADAMW, stepCount).map((value) => np.array(value));
      const next = step(state, column(0), column(1), {
        learningRate: np.array(LEARNING_RATE),
        correctM,
        correctV,
      });
      state = next.state;
      const [loss] = await next.loss.data();
      await blockUntilReady(Object.values(state.parameters).map((tensor) => tensor.ref));
      return loss;
    },
  };
}
