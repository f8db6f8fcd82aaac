import assert from "node:assert/strict";
import { describeEvent, formatBytes, formatLoss } from "../../../src/cli/present.ts";

Deno.test("a refused peer is told with the reason and the code", () => {
  const line = describeEvent({ event: "peer-refused", reason: "it is on run ab", code: "net/other-run" });
  assert.equal(line, "warn: refused a peer: it is on run ab (net/other-run)");
});

Deno.test("events that people need not see one by one have no line", () => {
  assert.equal(describeEvent({ event: "peer-up", peer: "x" }), undefined);
});

Deno.test("bytes have a decimal unit, and a loss that is not known a dash", () => {
  assert.deepEqual([0, 999, 1234567, 5e10].map(formatBytes), ["0 B", "999 B", "1.2 MB", "50 GB"]);
  assert.deepEqual([formatLoss(2.5), formatLoss(null)], ["2.500", "–"]);
});

Deno.test("a profile is a table of kernels with their part of the time and of the ceiling", () => {
  const line = {
    ...{ kernel: "k", precision: "f16", shape: "", callsPerStep: 2, secondsPerStep: 0.002, timeShare: 0.5 },
    ...{ flopsPerSec: 3e9, bytesPerSec: 0, ceiling: { share: 0.25, bound: "arithmetic" } },
  };
  const report = { steps: 3, secondsPerStep: 0.004, flopsPerSec: 2e9, ceilingShare: 0.4, kernels: [line] };
  const text = describeEvent({ event: "profile", ...report, shapes: [line], doubt: "" })!;
  assert.match(text, /over 3 steps: 4\.000 ms, 2\.00 GFLOP\/s, 40 % of/);
  assert.match(text, /k f16 +2 +2\.000 ms +50 % +3\.00 GFLOP\/s +– +25 % +arithmetic/);
  const doubted = describeEvent({ event: "profile", ...report, shapes: [line], doubt: "it stood still" })!;
  assert.match(doubted, /do not trust these times: it stood still$/);
});
