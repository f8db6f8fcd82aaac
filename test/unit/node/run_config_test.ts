import assert from "node:assert/strict";
import { isSkeinError } from "../../../src/base/errors.ts";
import { PRESET_NAMES } from "../../../src/cli/preset_names.ts";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
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
  ].map((options) => defineRun(options).runId);
  assert.equal(new Set([run.runId, ...others]).size, 5);
});

Deno.test("the command line offers exactly the presets that have a model and a training plan", () => {
  assert.deepEqual([...PRESET_NAMES], Object.keys(TRAINING_PRESETS));
  assert.deepEqual([...PRESET_NAMES], Object.keys(MODEL_PRESETS));
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
