/** However the memory is cut and the work is ordered, it is the same training. */
import { strict as assert } from "node:assert";
import { relativeDistance } from "../../../src/base/relative_distance.ts";
import { type Gpu, openDevice } from "../../../src/gpu/mod.ts";
import {
  gpt2Config,
  llamaConfig,
  type ModelConfig,
  NOT_COUNTED,
  parameterLayout,
} from "../../../src/model/mod.ts";
import { DEFAULT_LAMB, lambBlocks } from "../../../src/optim/lamb.ts";
import { lambMoments } from "../../../src/reference/lamb_moments.ts";
import { lambRatios } from "../../../src/reference/lamb_ratios.ts";
import { lambUpdate } from "../../../src/reference/lamb_update.ts";
import type { TrainEngineOptions } from "../../../src/train/engine.ts";
import {
  BATCH,
  livelyParameters,
  randomTokens,
  SMALL,
  SMALL_LLAMA,
  withEngine,
  withGpu,
} from "./engine_harness.ts";

const PARAMETERS = livelyParameters();
const FAMILIES: readonly ModelConfig[] = [SMALL, SMALL_LLAMA];
const TOKENS = randomTokens(4);

/** Loss and gradients, the loss of `evaluate`, and the parameters after three steps. */
function trainThree(gpu: Gpu, config: ModelConfig, options: Partial<TrainEngineOptions>) {
  return withEngine(gpu, { config, ...options }, async (engine) => {
    engine.loadParameters(livelyParameters(config));
    const { loss, gradients } = await engine.evaluateGradients(TOKENS);
    const evaluated = await engine.evaluate(TOKENS);
    for (let step = 0; step < 3; step++) await engine.trainStep(TOKENS, 1e-3);
    return { loss, gradients, evaluated, after: await engine.readParameters(), held: engine.heldBytes };
  });
}

for (const config of FAMILIES) {
  const { family } = config;

  Deno.test(`${family}: blocks of rows, tiles of the vocabulary and shards of a matrix change only the order of sums`, () =>
    withGpu(async (gpu) => {
      const whole = await trainThree(gpu, config, {});
      assert.ok(Math.abs(whole.loss - whole.evaluated) < 1e-6);
      // 148 rows: blocks of 128 and 20. GPT-2's embedding of 301 rows of 36 bytes lies in three shards, or in two.
      for (
        const bounds of [{ logitsBytes: 1 }, { segmentBytes: 5000 }, { logitsBytes: 1, segmentBytes: 10_000 }]
      ) {
        const cut = await trainThree(gpu, config, { bounds });
        assert.ok(Math.abs(cut.loss - whole.loss) < 2e-6, `${JSON.stringify(bounds)}: loss ${cut.loss}`);
        assert.ok(Math.abs(cut.evaluated - whole.loss) < 2e-6);
        assert.ok(relativeDistance(cut.gradients, whole.gradients) < 1e-6, JSON.stringify(bounds));
        // AdamW divides by roots of second moments, so that gradients near zero turn rounding into steps.
        assert.ok(relativeDistance(cut.after, whole.after) < 1e-4);
      }
    }));

  Deno.test(`${family}: layers computed again give the same bits as layers kept, in less memory`, () =>
    withGpu(async (gpu) => {
      for (const precision of gpu.has("shader-f16") ? ["f32", "f16"] as const : ["f32"] as const) {
        const kept = await trainThree(gpu, config, { precision });
        const again = await trainThree(gpu, config, { precision, recompute: "layers" });
        assert.ok(again.held < kept.held * 0.9, `${again.held} of ${kept.held}`);
        assert.deepEqual({ ...again, held: 0 }, { ...kept, held: 0 }, precision);
      }
    }));

  Deno.test(`${family}: micro-batches sum to the gradients of the whole batch, and their loss is its mean`, () =>
    withGpu(async (gpu) => {
      const whole = await trainThree(gpu, config, {});
      for (const microBatches of [2, 4]) {
        const split = await trainThree(gpu, config, { microBatches });
        assert.ok(split.held < whole.held);
        assert.ok(Math.abs(split.loss - whole.loss) < 2e-6 && Math.abs(split.evaluated - whole.loss) < 2e-6);
        assert.ok(relativeDistance(split.gradients, whole.gradients) < 1e-6, `${microBatches} micro-batches`);
        assert.ok(relativeDistance(split.after, whole.after) < 1e-4);
      }
    }));
}

Deno.test("what is not counted neither adds to the loss nor is learnt from", () =>
  withGpu((gpu) =>
    withEngine(gpu, { microBatches: 2 }, async (engine) => {
      engine.loadParameters(PARAMETERS);
      const length = SMALL.contextLength + 1;
      const kept = 9;
      const short = TOKENS.slice();
      for (let window = 0; window < BATCH; window++) {
        // Windows of 9 tokens: 8 predictions each, in the last none at all.
        short.fill(NOT_COUNTED, window * length + (window === BATCH - 1 ? 0 : kept), (window + 1) * length);
      }
      const { loss, gradients } = await engine.evaluateGradients(short);
      assert.ok(Math.abs(loss - await engine.evaluate(short)) < 1e-6);
      // Each window alone, in a batch with nothing else that counts.
      const losses = [];
      for (let window = 0; window < BATCH - 1; window++) {
        const alone = new Uint32Array(TOKENS.length).fill(NOT_COUNTED);
        alone.set(short.subarray(window * length, (window + 1) * length));
        losses.push(await engine.evaluate(alone));
      }
      const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
      assert.ok(Math.abs(loss - mean) < 2e-6, `${loss}, one by one ${mean}`);
      const wpe = engine.layout.entries.find(({ name }) => name === "transformer.wpe.weight")!;
      const unseen = gradients.subarray(wpe.offset + kept * SMALL.width, wpe.offset + wpe.elementCount);
      assert.ok(unseen.every((value) => value === 0), "positions behind the end have no gradient");
    })
  ));

Deno.test("steps that are queued before the last has resolved give the bits of steps in turn", () =>
  withGpu((gpu) =>
    withEngine(gpu, { microBatches: 2 }, async (engine) => {
      const batches = [0, 1, 2, 3, 4].map((seed) => randomTokens(seed));
      engine.loadParameters(PARAMETERS);
      const inTurn = [];
      for (const tokens of batches) inTurn.push(await engine.trainStep(tokens, 1e-3));
      const expected = await engine.readParameters();
      engine.loadParameters(PARAMETERS);
      const queued = batches.map((tokens) => engine.trainStep(tokens, 1e-3));
      const parameters = engine.readParameters();
      engine.loadParameters(PARAMETERS); // Behind all of them.
      assert.deepEqual(await Promise.all(queued), inTurn);
      assert.deepEqual(await parameters, expected);
      assert.deepEqual(await engine.readParameters(), PARAMETERS);
      assert.equal(engine.step, 0);
    })
  ));

Deno.test("a step of LAMB is its twins', shard by shard", () =>
  withGpu((gpu) =>
    withEngine(gpu, { lamb: DEFAULT_LAMB, bounds: { segmentBytes: 5000 } }, async (engine) => {
      const { entries, elementCount, decayElementCount } = engine.layout;
      engine.loadParameters(PARAMETERS);
      const { gradients } = await engine.evaluateGradients(TOKENS);
      const { gradNorm } = await engine.trainStep(TOKENS, 0.01);
      const actual = await engine.readParameters();
      const expected = Float64Array.from(PARAMETERS);
      const [m, v] = [new Float64Array(elementCount), new Float64Array(elementCount)];
      const at = {
        ...DEFAULT_LAMB,
        learningRate: 0.01,
        step: 1,
        gradNorm,
        decayElementCount,
        lossScale: 1,
      };
      const norms = lambMoments(gradients, expected, m, v, at);
      const { spans, tensorOf } = lambBlocks(entries, elementCount);
      const ratios = lambRatios(norms, spans, DEFAULT_LAMB.maxTrustRatio);
      assert.ok(new Set(ratios).size > 5, "tensors have ratios of their own");
      lambUpdate(expected, m, v, { ratios, tensorOf }, at);
      const steps = actual.map((value, i) => value - PARAMETERS[i]);
      // Differences of parameters near 0.5 are good to 3e-8 of steps near 1e-3.
      assert.ok(relativeDistance(steps, expected.map((value, i) => value - PARAMETERS[i])) < 3e-4);
    })
  ));

/** Wide enough that most matrices of a layer, and what all windows leave, are more than the device below binds. */
const WIDE: readonly ModelConfig[] = [
  gpt2Config({ vocabSize: 301, contextLength: 19, layerCount: 1, headCount: 4, width: 160 }),
  llamaConfig({
    vocabSize: 301,
    contextLength: 19,
    layerCount: 1,
    headCount: 6,
    keyValueHeadCount: 3,
    width: 192,
    innerWidth: 320,
  }),
];
const MAX_BINDING_BYTES = 100_000;

for (const config of WIDE) {
  Deno.test(`${config.family}: on a device that binds little, matrices go in shards and windows in passes, and it is the same training`, async () => {
    const tokens = randomTokens(BATCH, config);
    const train = async (precision: "f32" | "f16", maxBindingBytes?: number) => {
      const gpu = await openDevice({ maxBindingBytes });
      try {
        return await withEngine(gpu, { config, precision }, async (engine) => {
          engine.loadParameters(livelyParameters(config));
          const { gradients } = await engine.evaluateGradients(tokens);
          const evaluated = await engine.evaluate(tokens);
          const { loss } = await engine.trainStep(tokens, 1e-3);
          return { gradients, evaluated, loss, passes: engine.microBatches };
        });
      } finally {
        gpu.close();
      }
    };
    const ofLayers = parameterLayout(config).entries.filter(({ name }) => /\.0\./.test(name));
    assert.ok(ofLayers.filter(({ elementCount }) => 4 * elementCount > MAX_BINDING_BYTES).length >= 4);
    for (const [precision, allowed] of [["f32", 2e-6], ["f16", 1e-2]] as const) {
      const whole = await train(precision);
      // Every plan refuses a binding above the limit. In f16 what a shard leaves is rounded before the next adds to it.
      const cut = await train(precision, MAX_BINDING_BYTES);
      assert.equal(whole.passes, 1);
      assert.ok(precision === "f16" || cut.passes > 1);
      assert.ok(Math.abs(cut.evaluated / whole.evaluated - 1) < allowed);
      assert.ok(Math.abs(cut.loss / whole.loss - 1) < allowed);
      assert.ok(relativeDistance(cut.gradients, whole.gradients) < allowed, precision);
    }
  });
}
