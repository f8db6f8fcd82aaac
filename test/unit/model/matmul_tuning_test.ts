import { strict as assert } from "node:assert";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { type Gpu, openDevice, TuningCache } from "../../../src/gpu/mod.ts";
import { matmulNN, matmulTN } from "../../../src/model/matmul.ts";
import { tuneMatmuls } from "../../../src/model/matmul_tuning.ts";
import { MATMUL_VARIANTS } from "../../../src/model/matmul_variants.ts";

const SHAPE = { rows: 24, columns: 20, inner: 12 };

/** Kernels of a plan with two products. */
function record(gpu: Gpu): string[] {
  const arena = gpu.arena("test");
  try {
    const [a, b, y] = ["a", "b", "y"].map((label) => arena.allocate(label, 512).whole());
    const plan = gpu.plan();
    matmulNN(plan, SHAPE, a, b, y);
    matmulTN(plan, SHAPE, a, b, y);
    return plan.facts.map(({ kernel }) => kernel);
  } finally {
    arena.destroy();
  }
}

async function withGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openDevice();
  try {
    await body(gpu);
  } finally {
    gpu.close();
  }
}

function memoryStore() {
  const store = { text: undefined as string | undefined, saves: 0 };
  return {
    store,
    load: async () => store.text,
    save: async (text: string) => {
      store.text = text;
      store.saves++;
    },
  };
}

const deps = { clock: systemClock, log: silentLog };

Deno.test("each class that was asked for is measured once, kept, and taken from the store the next time", async () => {
  const memory = memoryStore();
  await withGpu(async (gpu) => {
    record(gpu);
    assert.equal(gpu.tuning.open.length, 2);
    const cache = await TuningCache.open(memory, gpu.facts, silentLog);
    assert.equal(await tuneMatmuls(gpu, { ...deps, cache, budgetSeconds: 60 }), true);
    assert.deepEqual(gpu.tuning.open, []);
    record(gpu);
    assert.equal(await tuneMatmuls(gpu, { ...deps, cache, budgetSeconds: 60 }), false);
  });
  assert.equal(memory.store.saves, 1);
  await withGpu(async (gpu) => {
    record(gpu);
    const cache = await TuningCache.open(memory, gpu.facts, silentLog);
    assert.equal(await tuneMatmuls(gpu, { ...deps, cache, budgetSeconds: 0 }), true);
    assert.deepEqual(gpu.tuning.open, []);
  });
  assert.equal(memory.store.saves, 1);
});

Deno.test("a choice decides which kernel a plan gets", () =>
  withGpu(async (gpu) => {
    record(gpu);
    for (const [key] of gpu.tuning.open) gpu.tuning.choose(key, "tiled-64");
    assert.deepEqual(record(gpu), ["matmul_tiled", "matmul_tiled"]);
  }));

Deno.test("without time nothing is measured, and plans keep the rule of thumb", () =>
  withGpu(async (gpu) => {
    const before = record(gpu);
    const cache = await TuningCache.open(memoryStore(), gpu.facts, silentLog);
    assert.equal(await tuneMatmuls(gpu, { ...deps, cache, budgetSeconds: -1 }), false);
    assert.deepEqual(record(gpu), before);
  }));

Deno.test("a name in the store that no variant has is measured again", () =>
  withGpu(async (gpu) => {
    record(gpu);
    const cache = await TuningCache.open(memoryStore(), gpu.facts, silentLog);
    for (const [key] of gpu.tuning.open) cache.set(key, "gone");
    await tuneMatmuls(gpu, { ...deps, cache, budgetSeconds: 60 });
    record(gpu);
    for (const name of ["nn", "tn"].map((form) => cache.get(`matmul ${form} f32 to f32 32×32×16`))) {
      assert.ok(MATMUL_VARIANTS.some((variant) => variant.name === name), `${name}`);
    }
  }));
