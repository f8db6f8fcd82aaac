/** A smoke size of the epoch bench, verified; its figures are not judged. */
import { strict as assert } from "node:assert";
import { benchEpoch } from "../../../bench/epoch_bench.ts";

Deno.test("the epoch bench verifies, measures and comes to the same epoch again", () => {
  const report = benchEpoch({ neurons: 16, validators: 3, runs: 2 });
  for (const { medianMs, worstMs } of [report.consensus, report.liquid, report.step]) {
    assert.ok(medianMs > 0 && worstMs >= medianMs);
  }
  assert.notEqual(report.checksum, "0");
  assert.equal(benchEpoch({ neurons: 16, validators: 3, runs: 1 }).checksum, report.checksum);
});
