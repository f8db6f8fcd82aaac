import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import {
  initialParameters,
  type LlamaConfig,
  llamaConfig,
  parameterLayout,
  ropeFrequencies,
  ropeTable,
  splitTokens,
} from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { referenceLlamaLoss } from "../../../src/reference/llama.ts";
import { TrainEngine, type TrainEngineOptions } from "../../../src/train/engine.ts";
import { relativeDistance } from "../../../src/base/relative_distance.ts";

/** Three query heads share one of keys and values; heads are wider than the stream's share; nothing is a multiple of a tile. */
const TINY = llamaConfig({
  vocabSize: 13,
  contextLength: 5,
  layerCount: 2,
  headCount: 3,
  keyValueHeadCount: 1,
  headSize: 4,
  width: 9,
  innerWidth: 7,
  normEpsilon: 1e-4,
});
const BATCH = 2;

function livelyParameters(config: LlamaConfig): Float32Array<ArrayBuffer> {
  const random = new Random(3);
  const { elementCount, entries } = parameterLayout(config);
  const parameters = new Float32Array(elementCount);
  for (const { offset, elementCount, decay } of entries) {
    for (let i = offset; i < offset + elementCount; i++) {
      parameters[i] = random.nextNormal() * 0.4 + (decay ? 0 : 1);
    }
  }
  return parameters;
}

function twinLoss(config: LlamaConfig, parameters: Float64Array, tokens: Uint32Array): number {
  const tensors = new Map(
    parameterLayout(config).entries.map(({ name, offset, elementCount }) => [
      name,
      parameters.subarray(offset, offset + elementCount),
    ]),
  );
  const { inputs, targets } = splitTokens(tokens, config, BATCH);
  const table = ropeTable(config, config.contextLength);
  return referenceLlamaLoss(
    { ...config, ropeTable: table, parameter: (name) => tensors.get(name)! },
    inputs,
    targets,
  );
}

for (const tiedHead of [false, true]) {
  Deno.test(`a Llama's gradients are its finite differences, head ${tiedHead ? "tied" : "its own"}`, async () => {
    const config = { ...TINY, tiedHead };
    const random = new Random(4);
    const length = BATCH * (config.contextLength + 1);
    const tokens = Uint32Array.from({ length }, () => random.nextBelow(config.vocabSize));
    const parameters = livelyParameters(config);
    const gpu = await openDevice();
    try {
      const engine = await TrainEngine.create(gpu, config, { batchSize: BATCH, adamw: DEFAULT_ADAMW });
      engine.loadParameters(parameters);
      const { loss, gradients } = await engine.evaluateGradients(tokens);
      const exact = Float64Array.from(parameters);
      // About a hundred roundings of values near one, and exp good to a few ulp.
      assert.ok(Math.abs(loss - twinLoss(config, exact, tokens)) < 1e-5);
      const h = 1e-5; // Central differences in f64: truncation about h² and rounding about 1e-16/h, both below 1e-9.
      for (const { name, offset, elementCount } of engine.layout.entries) {
        let largest = 0;
        for (let i = offset; i < offset + elementCount; i++) {
          const value = exact[i];
          const [up, down] = [h, -h].map((step) => {
            exact[i] = value + step;
            return twinLoss(config, exact, tokens);
          });
          exact[i] = value;
          const difference = (up - down) / (2 * h);
          // f32 through two layers and back: relative 1e-5 of a tensor whose gradients reach about one.
          assert.ok(
            Math.abs(gradients[i] - difference) <= 1e-5 + 1e-4 * Math.abs(difference),
            `${name}[${i - offset}]: ${gradients[i]}, the finite difference is ${difference}`,
          );
          largest = Math.max(largest, Math.abs(difference));
        }
        assert.ok(largest > 1e-4, `${name}: its gradients are not all zero`);
      }
      engine.destroy();
    } finally {
      gpu.close();
    }
  });
}

Deno.test("a Llama learns one batch by heart", async () => {
  const gpu = await openDevice();
  try {
    const engine = await TrainEngine.create(gpu, TINY, {
      batchSize: BATCH,
      adamw: { ...DEFAULT_ADAMW, weightDecay: 0 },
    });
    engine.loadParameters(initialParameters(TINY, 1));
    // No row begins with a repetition: rotations alone cannot tell the first of equal tokens from the second.
    const tokens = Uint32Array.of(1, 7, 3, 12, 0, 5, 2, 8, 9, 2, 11, 6);
    const first = await engine.trainStep(tokens, 1e-2);
    assert.ok(Math.abs(first.loss - Math.log(TINY.vocabSize)) < 0.1, `starts near uniform: ${first.loss}`);
    for (let step = 1; step < 200; step++) await engine.trainStep(tokens, 2e-2);
    const loss = await engine.evaluate(tokens);
    assert.ok(loss < 0.05, `ends at ${loss}`);
    engine.destroy();
  } finally {
    gpu.close();
  }
});

Deno.test("rope turns by θ^(-2p/D) a position, and Llama 3's scaling slows the long waves", () => {
  const plain = ropeFrequencies({ ...TINY, headSize: 8, ropeTheta: 10000 });
  [1, 0.1, 0.01, 0.001].forEach((frequency, pair) => assert.ok(Math.abs(plain[pair] - frequency) < 1e-15));
  const ropeScaling = {
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 400 * Math.PI,
  };
  // Waves in the old context: 200, 20, 2 and 0.2; between 1 and 4 a third of the way is kept at 2.
  const scaled = ropeFrequencies({ ...TINY, headSize: 8, ropeTheta: 10000, ropeScaling });
  [1, 0.1, 0.01 * (1 / 3 + 2 / 3 / 8), 0.001 / 8].forEach((frequency, pair) =>
    assert.ok(Math.abs(scaled[pair] - frequency) < 1e-15, `${pair}`)
  );
});

Deno.test("Llama's residual projections start smaller, its gains at one", () => {
  const config = llamaConfig({ ...TINY, width: 64, innerWidth: 96, headSize: 32, layerCount: 8 });
  const parameters = initialParameters(config, 7);
  const { entries } = parameterLayout(config);
  const deviation = (name: string) => {
    const { offset, elementCount } = entries.find((entry) => entry.name === name)!;
    const values = parameters.subarray(offset, offset + elementCount);
    return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / elementCount);
  };
  // 6144 draws: the sample deviation is within 5 % of the true one.
  for (const name of ["self_attn.q_proj", "mlp.up_proj"]) {
    assert.ok(Math.abs(deviation(`model.layers.3.${name}.weight`) / 0.02 - 1) < 0.05, name);
  }
  for (const name of ["self_attn.o_proj", "mlp.down_proj"]) {
    assert.ok(Math.abs(deviation(`model.layers.3.${name}.weight`) / 0.005 - 1) < 0.05, name);
  }
  assert.equal(deviation("model.norm.weight"), 1);
});

Deno.test("a Llama's layers computed again, micro-batches and shards train as the whole does", async () => {
  const config = { ...TINY, vocabSize: 301, tiedHead: true };
  const parameters = livelyParameters(config);
  const random = new Random(6);
  const length = 4 * (config.contextLength + 1);
  const tokens = Uint32Array.from({ length }, () => random.nextBelow(config.vocabSize));
  const gpu = await openDevice();
  try {
    const gradientsWith = async (options: Partial<TrainEngineOptions>) => {
      const engine = await TrainEngine.create(gpu, config, {
        batchSize: 4,
        adamw: DEFAULT_ADAMW,
        ...options,
      });
      engine.loadParameters(parameters);
      const { gradients } = await engine.evaluateGradients(tokens);
      engine.destroy();
      return gradients;
    };
    const whole = await gradientsWith({});
    assert.deepEqual(await gradientsWith({ recompute: "layers" }), whole);
    // Sums in another order.
    assert.ok(relativeDistance(await gradientsWith({ microBatches: 2 }), whole) < 1e-6);
    assert.ok(relativeDistance(await gradientsWith({ bounds: { segmentBytes: 5000 } }), whole) < 1e-6);
  } finally {
    gpu.close();
  }
});
