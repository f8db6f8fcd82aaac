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
