import assert from "node:assert/strict";
import { sizesFlag } from "../../../src/cli/bench.ts";
import { alignColumns, formatRate, formatSeconds, formatShare } from "../../../src/cli/columns.ts";

Deno.test("columns are as wide as their widest cell, the first to the left", () => {
  assert.equal(
    alignColumns(["name", "n"], [["a", "10"], ["longer", "2"]]),
    "name     n\na       10\nlonger   2",
  );
});

Deno.test("rates, shares and times have the unit that suits them", () => {
  assert.deepEqual([1.5e12, 2e9, 3e6, 42, 0, NaN, Infinity].map((rate) => formatRate(rate, "B/s")), [
    ...["1.50 TB/s", "2.00 GB/s", "3.00 MB/s", "42.0 B/s"],
    ...["–", "–", "–"],
  ]);
  assert.deepEqual([0.5, 0.012, 1.2, NaN].map(formatShare), ["50 %", "1.2 %", "120 %", "–"]);
  assert.deepEqual([2, 0.0123, 45e-6].map(formatSeconds), ["2.000 s", "12.30 ms", "45.0 µs"]);
});

Deno.test("sizes are whole numbers with commas", () => {
  assert.deepEqual(sizesFlag("512,1024"), [512, 1024]);
  for (const text of ["", "512,", "0", "1.5", "x", "99999"]) {
    assert.throws(() => sizesFlag(text), /whole numbers/, text);
  }
});
