/** The sparse training experiment (bench/sparse_training.ts) at a size that a test can bear. */
import { strict as assert } from "node:assert";
import { trainWithExchange } from "../../../bench/exchange_training.ts";
import { codecByName } from "../../../src/codec/by_name.ts";
import { loadDefaultCorpus } from "../../../src/data/corpus.ts";
import { validationBatches } from "../../../src/data/pages.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

Deno.test("the loss falls under sparse exchange with error feedback, and the wire size is the arithmetic's", async () => {
  const gpu = await openDevice();
  const batchSize = 2;
  const config = { ...MODEL_PRESETS.pico, contextLength: 32 };
  const adamw = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
  const engine = await TrainEngine.create(gpu, config, { batchSize, adamw });
  try {
    const corpus = await loadDefaultCorpus();
    const [validationTokens] = validationBatches(corpus, batchSize, batchSize, config.contextLength);
    const { validationLosses, contributionBytes, resultBytes } = await trainWithExchange(engine, {
      seed: 7,
      memberCount: 2,
      outerSteps: 4,
      innerSteps: 8,
      innerLearningRate: 3e-3,
      corpus,
      validationTokens,
    }, {
      codec: codecByName("sparse"),
      outer: { learningRate: 1, momentum: 0 },
      robust: { clip: true },
      feedbackDecay: 0.95,
    });
    const [first, last] = [validationLosses[0], validationLosses.at(-1)!];
    assert.ok(Math.abs(first - Math.log(256)) < 0.1, `untrained: ${first}, ln 256 expected`);
    assert.ok(last < first - 0.2, `${validationLosses}`);
    // 14 bits for each of ⌈n / 64⌉ entries, and two chunks' page headers, of 16 bytes and a bit a block.
    const arithmetic = (14 * Math.ceil(engine.layout.elementCount / 64)) / 8;
    const headers = contributionBytes - arithmetic;
    assert.ok(
      headers >= 2 * 16 && headers <= 2 * (16 + 3),
      `${contributionBytes} bytes, ${arithmetic} of entries`,
    );
    assert.ok(resultBytes < 4 * engine.layout.elementCount / 40, `${resultBytes} bytes of the mean`);
  } finally {
    engine.destroy();
    gpu.close();
  }
});
