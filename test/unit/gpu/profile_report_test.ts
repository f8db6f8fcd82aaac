import { strict as assert } from "node:assert";
import { type ProfileRow, reportProfile } from "../../../src/gpu/mod.ts";

const CEILINGS = { flopsPerSec: { f32: 100 }, bytesPerSec: 10 };

const row = (kernel: string, shape: string, calls: number, seconds: number, flops: number): ProfileRow => ({
  kernel,
  shape,
  precision: "f32",
  arithmetic: "f32",
  calls,
  seconds,
  flops,
  bytes: 2 * calls,
});

const ROWS = [row("a", "1", 10, 4, 200), row("b", "1", 4, 3, 0), row("a", "2", 2, 3, 150)];
const SAMPLE = { rows: ROWS, submissions: 2, seconds: 10, hostSeconds: 12, backwards: 0 };

Deno.test("a report divides by steps, sums the shapes of a kernel, and sets times against the ceilings", () => {
  const report = reportProfile(SAMPLE, 2, CEILINGS);
  assert.deepEqual([report.secondsPerStep, report.flopsPerStep, report.flopsPerSec], [5, 175, 35]);
  assert.deepEqual(report.shapes.map(({ kernel, shape }) => kernel + shape), ["a1", "b1", "a2"]);
  const [a, b] = report.kernels;
  assert.deepEqual([a.kernel, a.callsPerStep, a.secondsPerStep, a.timeShare], ["a", 6, 3.5, 0.7]);
  assert.deepEqual([a.flopsPerSec, a.ceiling.bound], [50, "arithmetic"]);
  assert.deepEqual(b.ceiling, { share: 0.8 / 3, bound: "bandwidth" });
  // 200 / 100 + 8 / 10 + 150 / 100 s at best, of 10
  assert.ok(Math.abs(report.ceilingShare - 0.43) < 1e-12, `${report.ceilingShare}`);
  assert.equal(report.doubt, "");
});

Deno.test("times that cannot be are reported as such", () => {
  const doubt = (change: Partial<typeof SAMPLE>) =>
    reportProfile({ ...SAMPLE, ...change }, 1, CEILINGS).doubt;
  assert.match(doubt({ backwards: 3 }), /3 of 16 dispatches ended before they began/);
  assert.match(doubt({ seconds: 0 }), /stood still over 16/);
  assert.match(doubt({ hostSeconds: 5 }), /10\.0 s while the host's counted 5\.00 s/);
});
