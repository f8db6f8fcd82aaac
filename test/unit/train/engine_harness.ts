/** Small engines for the tests of what an engine can be asked for. */
import { Random } from "../../../src/base/random.ts";
import { type Gpu, openDevice } from "../../../src/gpu/mod.ts";
import { gpt2Config, llamaConfig, type ModelConfig, parameterLayout } from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { TrainEngine, type TrainEngineOptions } from "../../../src/train/engine.ts";

/** More rows than a block of the head has, and nothing is a multiple of a tile or a vector. */
export const SMALL = gpt2Config({
  vocabSize: 301,
  contextLength: 37,
  layerCount: 3,
  headCount: 3,
  width: 9,
});
/** The other family: a head of its own, and query heads that share keys and values. */
export const SMALL_LLAMA = llamaConfig({
  vocabSize: 301,
  contextLength: 37,
  layerCount: 3,
  headCount: 4,
  keyValueHeadCount: 2,
  width: 24,
  innerWidth: 40,
});
export const BATCH = 4;

export async function withGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openDevice();
  try {
    await body(gpu);
  } finally {
    gpu.close();
  }
}

export async function withEngine<R>(
  gpu: Gpu,
  { config = SMALL, ...options }: Partial<TrainEngineOptions> & { readonly config?: ModelConfig },
  body: (engine: TrainEngine) => Promise<R>,
): Promise<R> {
  const engine = await TrainEngine.create(gpu, config, {
    batchSize: BATCH,
    adamw: DEFAULT_ADAMW,
    ...options,
  });
  try {
    return await body(engine);
  } finally {
    await engine.destroy();
  }
}

/** Ten times the usual deviation, random gains and biases: every tensor's gradient is well above rounding. */
export function livelyParameters(config: ModelConfig = SMALL): Float32Array<ArrayBuffer> {
  const random = new Random(3);
  const layout = parameterLayout(config);
  const parameters = new Float32Array(layout.elementCount);
  for (const { offset, elementCount, decay } of layout.entries) {
    for (let i = offset; i < offset + elementCount; i++) {
      parameters[i] = random.nextNormal() * 0.2 + (decay ? 0 : 0.5);
    }
  }
  return parameters;
}

export function randomTokens(
  seed: number,
  { vocabSize, contextLength }: ModelConfig = SMALL,
  batchSize = BATCH,
): Uint32Array<ArrayBuffer> {
  const random = new Random(seed);
  return Uint32Array.from({ length: batchSize * (contextLength + 1) }, () => random.nextBelow(vocabSize));
}
