import assert from "node:assert/strict";
import { childFlag, shareText, takeFlag, takeText } from "../../../src/cli/operator/percent.ts";

const WHOLE = (1n << 64n) - 1n;

Deno.test("takes are per cent, rounded down, so that the limit itself is within the limit", () => {
  assert.deepEqual(["0", "9", "18", "18%", "12.5", "100"].map(takeFlag), [
    0,
    5898,
    11796,
    11796,
    8191,
    65535,
  ]);
  for (const none of ["", "-1", "100.1", "1e1", "9,5", "x", "12.1234567"]) {
    assert.throws(() => takeFlag(none), /per cent/, none);
  }
  assert.deepEqual([0, 5898, 11796, 65535].map(takeText), ["0 %", "9 %", "18 %", "100 %"]);
});

Deno.test("children are hotkeys with shares, each once, and no more than all together", () => {
  const children = childFlag("5B=12.5", childFlag("5A=50", undefined));
  assert.deepEqual(children.map(({ hotkey }) => hotkey), ["5A", "5B"]);
  assert.deepEqual(children.map(({ share }) => shareText(share)), ["50 %", "12.5 %"]);
  assert.equal(childFlag("5A=100", undefined)[0].share, WHOLE);
  assert.throws(() => childFlag("5A=1", children), /given before/);
  assert.throws(() => childFlag("5C=37.6", children), /more than 100/);
  for (const none of ["5A", "=50", "5A=", "5A=0", "5A=101"]) assert.throws(() => childFlag(none, undefined));
});
