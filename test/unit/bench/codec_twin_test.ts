import assert from "node:assert/strict";
import { compareWithTwin } from "../../../bench/codec_twin.ts";

Deno.test("codec: the bench compares every loop with its twin and times both", () => {
  const rates = compareWithTwin(5000, 2048, 1);
  assert.equal(rates.length, 5);
  for (const { loop, nanoseconds, twinNanoseconds, copyNanoseconds } of rates) {
    assert.ok(nanoseconds > 0 && twinNanoseconds > 0 && copyNanoseconds > 0, loop);
  }
});
