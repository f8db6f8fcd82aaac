import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { gpt2Config, initialParameters, parameterLayout, splitTokens } from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { referenceLoss } from "../../../src/reference/model.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

/** Nothing is a multiple of a tile, a vector or the arena's alignment. */
const TINY = gpt2Config({
  vocabSize: 13,
  contextLength: 5,
  layerCount: 2,
  headCount: 3,
  width: 9,
});
const BATCH = 2;

function engineTest(name: string, body: (engine: TrainEngine) => Promise<void>): void {
  Deno.test(name, async () => {
    const gpu = await openDevice();
    try {
      const engine = await TrainEngine.create(gpu, TINY, { batchSize: BATCH, adamw: DEFAULT_ADAMW });
      await body(engine);
      engine.destroy();
    } finally {
      gpu.close();
    }
  });
}

/** Twenty times the usual deviation, random gains and biases too: every gradient is then well above f32's noise. */
function livelyParameters(seed: number): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  const parameters = new Float32Array(parameterLayout(TINY).elementCount);
  for (const { offset, elementCount, decay } of parameterLayout(TINY).entries) {
    for (let i = offset; i < offset + elementCount; i++) {
      parameters[i] = random.nextNormal() * 0.4 + (decay ? 0 : 0.2);
    }
  }
  return parameters;
}

function randomTokens(seed: number, batchSize = BATCH): Uint32Array {
  const random = new Random(seed);
  const length = batchSize * (TINY.contextLength + 1);
  return Uint32Array.from({ length }, () => random.nextBelow(TINY.vocabSize));
}

function twinLoss(parameters: Float64Array, tokens: Uint32Array): number {
  const { entries } = parameterLayout(TINY);
  const tensors = new Map(
    entries.map(({ name, offset, elementCount }) => [
      name,
      parameters.subarray(offset, offset + elementCount),
    ]),
  );
  const { inputs, targets } = splitTokens(tokens, TINY, BATCH);
  return referenceLoss(
    { ...TINY, parameter: (name) => tensors.get(`transformer.${name}`)! },
    inputs,
    targets,
  );
}

engineTest("the GPU's loss is the twin's, and every gradient is its finite difference", async (engine) => {
  const parameters = livelyParameters(3);
  const tokens = randomTokens(4);
  engine.loadParameters(parameters);
  const { loss, gradients } = await engine.evaluateGradients(tokens);
  const exact = Float64Array.from(parameters);
  // About a hundred roundings of values near one, and exp good to a few ulp.
  assert.ok(Math.abs(loss - twinLoss(exact, tokens)) < 1e-5);
  const h = 1e-5; // Central differences in f64: truncation about h² and rounding about 1e-16/h, both below 1e-9.
  for (const { name, offset, elementCount } of engine.layout.entries) {
    let largest = 0;
    for (let i = offset; i < offset + elementCount; i++) {
      const value = exact[i];
      exact[i] = value + h;
      const up = twinLoss(exact, tokens);
      exact[i] = value - h;
      const down = twinLoss(exact, tokens);
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
});

engineTest("training on one batch learns it by heart", async (engine) => {
  engine.loadParameters(initialParameters(TINY, 1));
  const tokens = randomTokens(9);
  const first = await engine.trainStep(tokens, 1e-2);
  assert.ok(Math.abs(first.loss - Math.log(TINY.vocabSize)) < 0.1, `starts near uniform: ${first.loss}`);
  const steps = Array.from({ length: 299 }, () => engine.trainStep(tokens, 1e-2));
  await Promise.all(steps);
  const loss = await engine.evaluate(tokens);
  assert.ok(loss < 0.05, `ends at ${loss}`);
});

engineTest("a replay from the same parameters gives the same bits", async (engine) => {
  const start = initialParameters(TINY, 2);
  const run = async () => {
    engine.loadParameters(start);
    for (let step = 0; step < 4; step++) await engine.trainStep(randomTokens(step), 3e-3);
    return await engine.readParameters();
  };
  const first = await run();
  assert.notDeepEqual(first, start);
  assert.deepEqual(await run(), first);
});

engineTest("a NaN surfaces in the result and leaves the parameters as they were", async (engine) => {
  const parameters = initialParameters(TINY, 1);
  parameters[0] = NaN;
  engine.loadParameters(parameters);
  const tokens = new Uint32Array(BATCH * (TINY.contextLength + 1)); // Token 0, whose embedding holds the NaN.
  const { loss, gradNorm } = await engine.trainStep(tokens, 1e-2);
  assert.ok(Number.isNaN(loss) && Number.isNaN(gradNorm));
  assert.deepEqual(await engine.readParameters(), parameters);
});

engineTest("evaluate is the mean over batches and changes nothing", async (engine) => {
  const parameters = livelyParameters(5);
  engine.loadParameters(parameters);
  const [a, b] = [randomTokens(1), randomTokens(2)];
  const both = new Uint32Array([...a, ...b]);
  const mean = ((await engine.evaluate(a)) + (await engine.evaluate(b))) / 2;
  // Sums of the same losses in f64, in another order.
  assert.ok(Math.abs(await engine.evaluate(both) - mean) < 1e-12);
  assert.deepEqual(await engine.readParameters(), parameters);
});

engineTest("a step allocates no device memory", async (engine) => {
  engine.loadParameters(initialParameters(TINY, 1));
  const before = engine.heldBytes;
  await engine.trainStep(randomTokens(1), 1e-3);
  await engine.trainStep(randomTokens(2), 1e-3);
  assert.equal(engine.heldBytes, before);
});

engineTest("wrong sizes and foreign tokens are refused by name", async (engine) => {
  assert.throws(() => engine.loadParameters(new Float32Array(3)), { code: "model/bad-parameters" });
  await assert.rejects(engine.trainStep(new Uint32Array(3), 1e-3), { code: "model/bad-tokens" });
  await assert.rejects(engine.evaluate(new Uint32Array(0)), { code: "model/bad-tokens" });
  const foreign = randomTokens(1);
  foreign[7] = TINY.vocabSize;
  await assert.rejects(engine.trainStep(foreign, 1e-3), { code: "model/bad-tokens" });
});
