import { strict as assert } from "node:assert";
import { systemClock } from "../../../src/base/clock.ts";
import {
  betterCeilings,
  measureCeilings,
  openDevice,
  type Precision,
  shareOfCeiling,
} from "../../../src/gpu/mod.ts";

const SIZE = { invocations: 4096, steps: 16, copyBytes: 1 << 20 };

Deno.test("ceilings are positive, by the device's clock and by the host's, and f16 is there when the adapter has it", async () => {
  for (const without of [[], ["timestamp-query", "shader-f16"] as const]) {
    const gpu = await openDevice({ without });
    try {
      const { flopsPerSec, bytesPerSec } = await measureCeilings(gpu, systemClock, SIZE);
      assert.ok(flopsPerSec.f32 > 0 && Number.isFinite(flopsPerSec.f32), `${flopsPerSec.f32} FLOP/s`);
      assert.ok(bytesPerSec > 0 && Number.isFinite(bytesPerSec), `${bytesPerSec} bytes/s`);
      assert.equal(flopsPerSec.f16 !== undefined, gpu.has("shader-f16"));
    } finally {
      gpu.close();
    }
  }
});

Deno.test("the better of two measurements is that of each ceiling by itself", () => {
  const before = { flopsPerSec: { f32: 100, f16: 150 }, bytesPerSec: 9 };
  const after = { flopsPerSec: { f32: 80, f16: 200 }, bytesPerSec: 10 };
  const best = { flopsPerSec: { f32: 100, f16: 200 }, bytesPerSec: 10 };
  assert.deepEqual(betterCeilings(before, after), best);
  assert.deepEqual(betterCeilings(after, before), best);
  const [slow, fast] = [1, 2].map((rate) => ({ flopsPerSec: { f32: rate }, bytesPerSec: rate }));
  assert.deepEqual(betterCeilings(fast, slow), fast);
});

Deno.test("a share of the ceiling is that of whichever takes longer, arithmetic or traffic", () => {
  const ceilings = { flopsPerSec: { f32: 100, f16: 200 }, bytesPerSec: 10 };
  const share = (flops: number, bytes: number, arithmetic: Precision = "f32") =>
    shareOfCeiling({ flops, bytes, arithmetic }, 4, ceilings);
  assert.deepEqual(share(200, 1), { share: 0.5, bound: "arithmetic" });
  assert.deepEqual(share(200, 30), { share: 0.75, bound: "bandwidth" });
  assert.deepEqual(share(0, 10), { share: 0.25, bound: "bandwidth" });
  assert.deepEqual(share(200, 1, "f16"), { share: 0.25, bound: "arithmetic" });
});
