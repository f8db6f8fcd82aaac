/**
 * Ten training steps of a small model, the same anywhere: seeded parameters and batches, an adapter that is whatever the
 * runtime offers. Two runs of one name differ only by how the adapters compute.
 */
import { Random } from "../../src/base/random.ts";
import { openDevice } from "../../src/gpu/mod.ts";
import { initialParameters, llamaConfig, MODEL_PRESETS } from "../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../src/optim/adamw.ts";
import { TrainEngine } from "../../src/train/engine.ts";

export const STEP_COUNT = 10;
const BATCH_SIZE = 4;
const LEARNING_RATE = 1e-3;
const SEED = 6;

export const RUN_MODELS = {
  pico: MODEL_PRESETS.pico,
  /** Pico as a Llama: heads that share keys and values, a head of its own, half the context. */
  "pico as a Llama": llamaConfig({
    vocabSize: 256,
    contextLength: 32,
    layerCount: 2,
    headCount: 4,
    keyValueHeadCount: 2,
    width: 64,
    innerWidth: 172,
  }),
} as const;

export type RunName = keyof typeof RUN_MODELS;
export const RUN_NAMES = Object.keys(RUN_MODELS) as RunName[];

export interface TrainingRun {
  readonly adapter: string;
  /** In nats, one a step. */
  readonly losses: readonly number[];
  /** Before clipping, one a step. */
  readonly gradNorms: readonly number[];
  /** Of the first batch at the first parameters, before clipping. */
  readonly gradients: Float32Array<ArrayBuffer>;
  /** Parameters before the first step. */
  readonly start: Float32Array<ArrayBuffer>;
  /** Parameters after the last step. */
  readonly end: Float32Array<ArrayBuffer>;
}

export async function trainSteps(name: RunName): Promise<TrainingRun> {
  const config = RUN_MODELS[name];
  const gpu = await openDevice();
  try {
    const engine = await TrainEngine.create(gpu, config, { batchSize: BATCH_SIZE, adamw: DEFAULT_ADAMW });
    const start = initialParameters(config, SEED);
    engine.loadParameters(start);
    const random = new Random(SEED);
    const batches = Array.from(
      { length: STEP_COUNT },
      () => learnableTokens(random, BATCH_SIZE * (config.contextLength + 1), config.vocabSize),
    );
    const { gradients } = await engine.evaluateGradients(batches[0]);
    const losses: number[] = [];
    const gradNorms: number[] = [];
    for (const tokens of batches) {
      const { loss, gradNorm } = await engine.trainStep(tokens, LEARNING_RATE);
      losses.push(loss);
      gradNorms.push(gradNorm);
    }
    const end = await engine.readParameters();
    engine.destroy();
    return { adapter: gpu.adapterName, losses, gradNorms, gradients, start, end };
  } finally {
    gpu.close();
  }
}

/** Each token is one of eight that follow from the one before: something to learn, so that the gradients are no noise. */
function learnableTokens(random: Random, count: number, vocabSize: number): Uint32Array {
  let token = random.nextBelow(vocabSize);
  return Uint32Array.from({ length: count }, () => {
    token = (5 * token + random.nextBelow(8)) % vocabSize;
    return token;
  });
}
