import { strict as assert } from "node:assert";
import { BufferArena, type Gpu, GpuBuffer } from "../../../src/gpu/mod.ts";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { DEFAULT_LAMB } from "../../../src/optim/lamb.ts";
import { TrainEngine, type TrainEngineOptions } from "../../../src/train/engine.ts";
import { EngineArenas } from "../../../src/train/engine_arenas.ts";
import { type AdapterShape, adapterShape, type EngineShape } from "../../../src/train/engine_memory.ts";
import { engineShape } from "../../../src/train/engine_options.ts";
import { planMemory } from "../../../src/train/memory_plan.ts";
import { relativeDistance } from "../../../src/base/relative_distance.ts";
import { BATCH, livelyParameters, randomTokens, SMALL, withEngine, withGpu } from "./engine_harness.ts";

const MIB = 2 ** 20;

function adapter(bindingBytes: number): AdapterShape {
  return {
    limits: { maxBufferBytes: bindingBytes, maxBindingBytes: bindingBytes },
    segmentBytes: bindingBytes,
    logitsBytes: (bindingBytes === 128 * MIB ? 64 : 128) * MIB,
    isSoftware: bindingBytes === 128 * MIB,
    hasF16: true,
  };
}

const GPT2: EngineShape = {
  config: MODEL_PRESETS["gpt2-124m"],
  batchSize: 4,
  microBatches: 1,
  precision: "f32",
  recompute: "layers",
  optimiser: "adamw",
};

Deno.test("an engine holds exactly what was planned, whatever it is asked for", () =>
  withGpu(async (gpu) => {
    const variants: Partial<TrainEngineOptions>[] = [
      {},
      { recompute: "layers" },
      { microBatches: 2, lamb: DEFAULT_LAMB },
      { bounds: { segmentBytes: 5000, logitsBytes: 1 } },
    ];
    for (const options of variants) {
      await withEngine(gpu, options, async (engine) => {
        const shape = engineShape(SMALL, "f32", { batchSize: BATCH, ...options });
        const { totalBytes, bytes, buffers } = planMemory(shape, adapterShape(gpu, options.bounds));
        assert.equal(engine.heldBytes, totalBytes);
        assert.equal(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0), totalBytes);
        assert.equal(bytes.gradients, 4 * engine.layout.elementCount);
      });
    }
  }));

Deno.test("gpt2-124m at 4 windows of 1024 with layers recomputed stays under 6 GiB and holds no T×T and no N×V", () => {
  const { contextLength, vocabSize, headCount } = GPT2.config;
  const rows = GPT2.batchSize * contextLength;
  for (const bindingBytes of [128 * MIB, 2048 * MIB]) {
    const { totalBytes, buffers, bytes } = planMemory(GPT2, adapter(bindingBytes));
    assert.ok(totalBytes < 6 * 1024 * MIB, `${totalBytes / MIB} MiB`);
    const ofActivations = buffers.filter(({ kind }) => kind === "activations");
    const logits = ofActivations.find(({ label }) => label === "logits")!;
    assert.ok(logits.bytes <= (bindingBytes === 128 * MIB ? 65 : 129) * MIB);
    assert.ok(logits.bytes < rows * vocabSize * 4 / 6);
    for (const { label, bytes } of ofActivations) {
      assert.ok(bytes <= bindingBytes, label);
      assert.ok(
        bytes < GPT2.batchSize * headCount * contextLength ** 2 * 4 * 3 / 4,
        `${label} is no T×T of all heads`,
      );
    }
    const kept = planMemory({ ...GPT2, recompute: "none" }, adapter(bindingBytes));
    assert.ok(kept.bytes.activations > 5 * bytes.activations / 2);
    assert.equal(kept.bytes.moments, 2 * bytes.parameters);
  }
});

Deno.test("too little memory is refused before any is allocated, naming what would fit", () =>
  withGpu(async (gpu) => {
    const create = (bounds: TrainEngineOptions["bounds"], batchSize = BATCH, microBatches?: number) =>
      TrainEngine.create(gpu, SMALL, { batchSize, microBatches, adamw: DEFAULT_ADAMW, bounds });
    const shape = engineShape(SMALL, "f32", { batchSize: BATCH });
    const needed = planMemory(shape, adapterShape(gpu)).totalBytes;
    await assert.rejects(create({ totalBytes: needed - 1 }), {
      code: "gpu/out-of-memory",
      message:
        /batch 4 in f32 with layers recomputed \(\d+ MiB\).*batch 4 as 2 micro-batches in f32 \(\d+ MiB\)/,
    });
    await assert.rejects(create({ totalBytes: 1000 }), {
      code: "gpu/out-of-memory",
      message: /not even a batch of one window fits/,
    });
    // The logits of 128 rows are over the bound, those of the 74 that two windows have are not.
    await assert.rejects(create({ bufferBytes: 100_000 }, BATCH, 1), {
      code: "gpu/too-large",
      message: /batch 4 as 2 micro-batches/,
    });
    (await create({ totalBytes: needed })).destroy();
  }));

Deno.test("where the adapter cannot bind the tensors of all windows a step takes as few passes as it can, and is the same", () =>
  withGpu(async (gpu) => {
    const run = (options: Partial<TrainEngineOptions>) =>
      withEngine(gpu, options, async (engine) => {
        engine.loadParameters(livelyParameters());
        const { gradients } = await engine.evaluateGradients(randomTokens(BATCH));
        return { gradients, passes: engine.microBatches };
      });
    const whole = await run({});
    assert.equal(whole.passes, 1);
    const cut = await run({ bounds: { bufferBytes: 100_000 } });
    assert.equal(cut.passes, 2);
    assert.ok(relativeDistance(cut.gradients, whole.gradients) < 1e-6);
    await assert.rejects(run({ bounds: { bufferBytes: 2000 } }), { code: "gpu/too-large" });
  }));

/** A device with so much memory and no more, as far as an arena can see. */
function deviceOf(capacityBytes: number): GPUDevice {
  let [held, failed] = [0, false];
  const device = {
    pushErrorScope: () => failed = false,
    createBuffer: ({ size }: { size: number }) => {
      failed = held + size > capacityBytes;
      if (!failed) held += size;
      return { destroy: () => {} };
    },
    popErrorScope: () => Promise.resolve(failed ? { message: "no room" } : null),
  };
  return device as unknown as GPUDevice;
}

Deno.test("a device that runs out of memory is told apart from a fault, and what fits in what it had is named", async () => {
  const shape = adapter(2048 * MIB);
  const needed = planMemory(GPT2, shape).totalBytes;
  const capacity = needed - 100 * MIB;
  const gpu = {
    arena: (name: string, options: Parameters<Gpu["arena"]>[1]) =>
      new BufferArena(name, device, { ...options } as ConstructorParameters<typeof BufferArena>[2]),
  };
  const device = deviceOf(capacity);
  const arenas = new EngineArenas(gpu, shape);
  const error = await arenas.allocate(GPT2).then(() => undefined, (error) => error);
  assert.equal(error.code, "gpu/out-of-memory");
  assert.match(error.message, /what would fit: .*2 micro-batches/);
  assert.ok(error.payload.availableBytes <= capacity && error.payload.availableBytes > capacity - 200 * MIB);
});

Deno.test("a planned buffer cannot be used", () => {
  assert.throws(() => new GpuBuffer(undefined, "x", 16, "f32").raw, /planned, not allocated/);
});
