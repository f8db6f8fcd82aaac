import assert from "node:assert/strict";
import { MODEL_PRESETS } from "../../../src/model/mod.ts";
import { assertAdapterBears } from "../../../src/node/adapter_limits.ts";
import type { Run } from "../../../src/node/run_config.ts";

const configOf = (batchSize: number): Run["config"] =>
  ({ preset: "gpt2-124m", model: MODEL_PRESETS["gpt2-124m"], training: { batchSize } }) as Run["config"];
const software = { backendKind: "software", adapterName: "llvmpipe" } as const;

Deno.test("a software adapter takes as many tokens a pass as its loops bear, in micro-batches more", () => {
  assertAdapterBears(software, configOf(63), 1);
  assert.throws(() => assertAdapterBears(software, configOf(64), 1), { code: "node/adapter-too-weak" });
  assertAdapterBears(software, configOf(64), 2);
});

Deno.test("a GPU has no such limit", () => {
  assertAdapterBears({ backendKind: "hardware", adapterName: "a GPU" }, configOf(4096), 1);
});
