/** The bench at a small size: every kernel has a case, agrees with its twin in it, and gets a rate. */
import { strict as assert } from "node:assert";
import { CASES, SEED } from "../../bench/cases.ts";
import { SIZES } from "../../bench/kernel_case.ts";
import { measureKernel } from "../../bench/measure.ts";
import { describeRate, renderRates } from "../../bench/rate_table.ts";
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { KERNEL_SOURCES, measureCeilings } from "../../src/gpu/mod.ts";
import { kernelTest } from "./kernel_harness.ts";

kernelTest("every kernel's bench case agrees with its twin and gets a rate", async (gpu) => {
  const ceilings = await measureCeilings(gpu, systemClock, {
    invocations: 1024,
    steps: 16,
    copyBytes: 1 << 16,
  });
  const cases = CASES.map((makeCase) => makeCase(SIZES.smoke, new Random(SEED)));
  assert.deepEqual(cases.map(({ kernel }) => kernel).sort(), Object.keys(KERNEL_SOURCES).sort());
  const rows = [];
  for (const kernelCase of cases) {
    if (kernelCase.suits?.(gpu.facts) ?? true) rows.push(await measureKernel(gpu, kernelCase));
  }
  for (const row of rows) {
    assert.match(describeRate(row, ceilings)[0], /^\d+\.\d\d (GFLOP|GB)\/s$/, row.kernel);
  }
  assert.equal(renderRates(rows, ceilings, "adapter").split("\n").length, rows.length + 3);
});

kernelTest("a bench case whose kernel is wrong is refused", async (gpu) => {
  const good = CASES.map((makeCase) => makeCase(SIZES.smoke, new Random(SEED)))
    .find(({ kernel }) => kernel === "matmul_direct")!;
  const wrong = { ...good, constants: { ...good.constants, B_TRANSPOSED: 1 } };
  await assert.rejects(() => measureKernel(gpu, wrong), /relative error/);
});
