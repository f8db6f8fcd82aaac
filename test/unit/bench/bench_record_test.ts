import { strict as assert } from "node:assert";
import { benchRecord } from "../../../bench/bench_record.ts";
import type { AdapterFacts } from "../../../src/gpu/mod.ts";

const FACTS: AdapterFacts = {
  ...{ adapterName: "A", vendor: "v", architecture: "", backendKind: "software", features: ["subgroups"] },
  ...{
    subgroupSizes: [8, 8],
    takesSubgroupsDirective: false,
    maxWorkgroupBytes: 16384,
    maxWorkgroupInvocations: 256,
  },
};
const LIMITS = {
  ...{ maxStorageBuffersPerShaderStage: 8, maxStorageBufferBindingSize: 1, maxBufferSize: 1 },
  ...{ maxComputeWorkgroupStorageSize: 1, maxComputeInvocationsPerWorkgroup: 1, maxComputeWorkgroupSizeX: 1 },
};
const GPU = { facts: FACTS, deviceLimits: LIMITS };
const CEILINGS = { flopsPerSec: { f32: 1000 }, bytesPerSec: 100 };
const row = { shape: "1×2", seconds: 2, relativeError: 1e-7, checksum: 3 };

Deno.test("a bench's record says who measured, on what, and sets each rate against the ceiling of its kind", async () => {
  const record = JSON.parse(JSON.stringify(
    await benchRecord(GPU, CEILINGS, [
      { ...row, kernel: "a", work: { flops: 500 } },
      { ...row, kernel: "b", work: { bytes: 50 } },
    ]),
  ));
  assert.equal(record.adapter, "A");
  assert.deepEqual(record.ceilings, CEILINGS);
  assert.match(record.versions.deno, /^\d+\.\d+\.\d+/);
  assert.deepEqual(record.rows, [
    { ...row, kernel: "a", flopsPerSec: 250, ceilingShare: 0.25 },
    { ...row, kernel: "b", bytesPerSec: 25, ceilingShare: 0.25 },
  ]);
});
