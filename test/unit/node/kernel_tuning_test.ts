import { strict as assert } from "node:assert";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
import { openTuning, tuningFile, wantsTuning } from "../../../src/node/kernel_tuning.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

async function withDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "skein-tuning-"));
  try {
    await body(path);
  } finally {
    await rm(path, { recursive: true });
  }
}

Deno.test("hardware is measured, software is not, and either can be told otherwise", () => {
  const wants = (flag: boolean, value: string | undefined, kind: "software" | "hardware") =>
    wantsTuning({ flag, environment: { SKEIN_AUTOTUNE: value } }, kind);
  assert.equal(wants(true, undefined, "hardware"), true);
  assert.equal(wants(true, undefined, "software"), false);
  assert.equal(wants(true, "on", "software"), true);
  assert.equal(wants(true, "off", "hardware"), false);
  assert.equal(wants(false, "on", "hardware"), false);
  assert.throws(() => wants(true, "maybe", "hardware"), { code: "node/bad-environment" });
});

Deno.test("the file is absent at first, then what was saved, and leaves nothing beside it", () =>
  withDirectory(async (path) => {
    const file = tuningFile(join(path, "tuning.json"));
    assert.equal(await file.load(), undefined);
    await file.save("a");
    await file.save("b");
    assert.equal(await file.load(), "b");
    assert.deepEqual(await readdir(path), ["tuning.json"]);
  }));

Deno.test("an engine tunes what its model needs, over a corrupted file too, and trains as before", () =>
  withDirectory(async (path) => {
    await writeFile(join(path, "tuning.json"), "not ours");
    const gpu = await openDevice();
    try {
      const choice = { flag: true, environment: { SKEIN_AUTOTUNE: "on" } };
      const tuning = await openTuning(gpu, path, choice, { clock: systemClock, log: silentLog });
      const config = { ...MODEL_PRESETS.pico, layerCount: 1, contextLength: 8, vocabSize: 16 };
      const options = { batchSize: 1, adamw: DEFAULT_ADAMW };
      const tokens = Uint32Array.from({ length: 9 }, (_, i) => i);
      const losses: number[] = [];
      for (const each of [options, { ...options, tuning }]) {
        const engine = await TrainEngine.create(gpu, config, each);
        engine.loadParameters(new Float32Array(engine.layout.elementCount).fill(0.01));
        losses.push((await engine.trainStep(tokens, 1e-3)).loss);
        engine.destroy();
      }
      assert.ok(Math.abs(losses[0] - losses[1]) < 1e-6, `${losses}`);
      assert.deepEqual(gpu.tuning.open, []);
      const saved = JSON.parse((await tuningFile(join(path, "tuning.json")).load())!);
      assert.ok(Object.keys(Object.values<object>(saved.sections)[0]).length >= 8);
    } finally {
      gpu.close();
    }
  }));
