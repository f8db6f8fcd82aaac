import { strict as assert } from "node:assert";
import { initialParameters, MODEL_PRESETS } from "../../src/model/mod.ts";
import { randomTokens, withEngine, withGpu } from "../unit/train/engine_harness.ts";

Deno.test("1,000 steps of pico hold the memory and the pipelines of the second", () =>
  withGpu((gpu) =>
    withEngine(gpu, { config: MODEL_PRESETS.pico, batchSize: 1 }, async (engine) => {
      engine.loadParameters(initialParameters(MODEL_PRESETS.pico, 1));
      const tokens = randomTokens(1, MODEL_PRESETS.pico, 1);
      for (let step = 0; step < 2; step++) await engine.trainStep(tokens, 1e-3);
      const before = [engine.heldBytes, gpu.pipelineCount, engine.dispatchCount];
      let last = engine.trainStep(tokens, 1e-3);
      for (let step = 3; step < 1000; step++) {
        const next = engine.trainStep(tokens, 1e-3);
        await last;
        last = next;
      }
      const { loss } = await last;
      assert.equal(engine.step, 1000);
      assert.deepEqual([engine.heldBytes, gpu.pipelineCount, engine.dispatchCount], before);
      assert.ok(loss < 0.05, `and what it saw a thousand times it knows: ${loss}`);
    })
  ));
