import assert from "node:assert/strict";
import { isSkeinError } from "../../../src/base/errors.ts";
import { CODEC_NAMES, PRESET_NAMES } from "../../../src/cli/preset_names.ts";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
import { codecNames } from "../../../src/codec/by_name.ts";
import { exchangeAt, EXCHANGES } from "../../../src/node/exchange_plan.ts";
import { defineRun, TRAINING_PRESETS } from "../../../src/node/run_config.ts";

const BASE = { genesisHash: "0x01", netuid: 1, preset: "pico", corpusDigest: "ab".repeat(32) };

Deno.test("the same settings give the same run, and each setting changes it", () => {
  const run = defineRun(BASE);
  assert.equal(defineRun({ ...BASE }).runId, run.runId);
  assert.match(run.runId, /^[0-9a-f]{64}$/);
  const others = [
    { ...BASE, genesisHash: "0x02" },
    { ...BASE, netuid: 2 },
    { ...BASE, preset: "nano" },
    { ...BASE, corpusDigest: "cd".repeat(32) },
    { ...BASE, codec: "f16" },
  ].map((options) => defineRun(options).runId);
  assert.equal(new Set([run.runId, ...others]).size, 6);
});

Deno.test("a run's id is what it was: whoever changes it says so by the version of the config", () => {
  assert.equal(defineRun(BASE).runId, "1e467068aa2791620b04448fae8d73944ebbae744b3681315767ab972060ccc5");
});

Deno.test("the command line offers exactly the presets that have a model and a training plan", () => {
  assert.deepEqual([...PRESET_NAMES], Object.keys(TRAINING_PRESETS));
  assert.deepEqual([...PRESET_NAMES], Object.keys(MODEL_PRESETS));
});

Deno.test("the command line offers exactly the codecs that there are, u8 unless another is asked for", () => {
  assert.deepEqual([...CODEC_NAMES], Object.keys(EXCHANGES));
  assert.deepEqual([...CODEC_NAMES], [...codecNames]);
  assert.equal(defineRun(BASE).runId, defineRun({ ...BASE, codec: "u8" }).runId);
  assert.throws(() => defineRun({ ...BASE, codec: "zip" }), { code: "node/unknown-codec" });
});

Deno.test("a sparse run is dense at first, then has an outer optimiser without momentum; the others their preset's", () => {
  const preset = {
    learningRate: TRAINING_PRESETS.pico.outerLearningRate,
    momentum: TRAINING_PRESETS.pico.outerMomentum,
  };
  const { config } = defineRun({ ...BASE, codec: "sparse" });
  const { denseSteps } = config.exchange;
  assert.ok(denseSteps > 0);
  const dense = { codec: "u8", feedbackDecay: null, clip: false, outer: preset };
  const sparse = {
    codec: "sparse",
    feedbackDecay: 0.95,
    clip: true,
    outer: { learningRate: 1, momentum: 0 },
  };
  assert.deepEqual(exchangeAt(config, 1), dense);
  assert.deepEqual(exchangeAt(config, denseSteps), dense);
  assert.deepEqual(exchangeAt(config, denseSteps + 1), sparse);
  assert.deepEqual(exchangeAt(config, denseSteps + 1000), sparse);
  const i4 = { codec: "i4", feedbackDecay: 1, clip: false, outer: preset };
  assert.deepEqual(exchangeAt(defineRun({ ...BASE, codec: "i4" }).config, 1), i4);
});

Deno.test("an unknown preset is a typed error that names the known ones", () => {
  assert.throws(() => defineRun({ ...BASE, preset: "giga" }), (error) => {
    assert.ok(isSkeinError(error, "node/unknown-preset"));
    assert.match(error.message, /pico, nano, gpt2-124m/);
    return true;
  });
});

Deno.test("every waypoint comes before the end of the inner steps", () => {
  for (const [name, { waypointSteps, innerSteps }] of Object.entries(TRAINING_PRESETS)) {
    assert.ok(waypointSteps > 0 && waypointSteps < innerSteps, name);
  }
});
