import assert from "node:assert/strict";
import { gpt2Config, MODEL_PRESETS, type ModelConfig } from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { assertAdapterBears } from "../../../src/train/adapter_limits.ts";
import { TrainEngine } from "../../../src/train/engine.ts";
import { adapterShape, type EngineShape } from "../../../src/train/engine_memory.ts";
import { engineShape } from "../../../src/train/engine_options.ts";
import { planWithin } from "../../../src/train/memory_plan.ts";
import { withGpu } from "./engine_harness.ts";

const shapeOf = (batchSize: number, microBatches = 1, config: ModelConfig = MODEL_PRESETS["gpt2-124m"]) =>
  engineShape(config, "f32", { batchSize, microBatches });

Deno.test("a software adapter takes as many tokens a pass as its loops bear, in micro-batches more", () => {
  const bear = (shape: EngineShape) => assertAdapterBears(shape, { isSoftware: true });
  bear(shapeOf(63));
  assert.throws(() => bear(shapeOf(64)), { code: "train/adapter-too-weak", message: /65536 tokens a pass/ });
  bear(shapeOf(64, 2));
});

Deno.test("a GPU has no such limit, but a grid has so many heads of windows", () => {
  const bear = (shape: EngineShape) => assertAdapterBears(shape, { isSoftware: false });
  bear(shapeOf(5461));
  assert.throws(() => bear(shapeOf(5462)), { code: "gpu/too-large", message: /65544 rows of workgroups/ });
  bear(shapeOf(5462, 2));
});

Deno.test("an engine asks before it allocates, and names the micro-batches that would do", () =>
  withGpu(async (gpu) => {
    const config = gpt2Config({ vocabSize: 16, contextLength: 4096, layerCount: 1, headCount: 1, width: 4 });
    const software = { ...adapterShape(gpu), isSoftware: true };
    assert.throws(() => planWithin(shapeOf(16, 1, config), software, Infinity), {
      code: "train/adapter-too-weak",
      message: /what would fit: .*batch 16 as 2 micro-batches in f32/,
    });
    const one = gpt2Config({ vocabSize: 16, contextLength: 1, layerCount: 1, headCount: 2, width: 4 });
    await assert.rejects(
      TrainEngine.create(gpu, one, { batchSize: 40_000, microBatches: 1, adamw: DEFAULT_ADAMW }),
      {
        code: "gpu/too-large",
        message: /80000 rows of workgroups.*batch 40000 as 2 micro-batches/,
      },
    );
  }));
