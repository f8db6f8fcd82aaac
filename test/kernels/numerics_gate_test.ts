import { strict as assert } from "node:assert";
import { numericsGate } from "../../src/reference/numerics_gate.ts";
import {
  assertClose,
  kernelTest,
  normal,
  precisionsOf,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("numerics_gate agrees with its twin, and shows what overflows", async (gpu, random) => {
  const [columns, inner] = [5, 8];
  for (const precision of precisionsOf(gpu)) {
    for (const rows of [1, 17]) {
      const a = stored(normal(random, rows * inner), precision);
      const b = stored(normal(random, columns * inner), precision);
      const [, , , y, edges] = await runKernel(gpu, {
        kernel: "numerics_gate",
        constants: { ROWS: rows, COLUMNS: columns, INNER: inner },
        tensors: [
          a,
          b,
          Float32Array.of(40000, 2 ** -14),
          new Float32Array(rows * 4 * columns),
          new Float32Array(2),
        ],
        extent: rows,
        precision,
      });
      const expected = numericsGate(a, b, inner);
      // Eight products below about 10, each rounded to a half in the second output: 8 · 10 · 2⁻¹¹ at the very most.
      const products = precision === "f16" ? 0.04 : 1e-5;
      for (let row = 0; row < rows; row++) {
        for (let part = 0; part < 4; part++) {
          const [from, to] = [(row * 4 + part) * columns, (row * 4 + part + 1) * columns];
          // exp, division and square root to about 1e-6; a deviation of scores of at least about 1.
          const tolerance = withStorage({ absolute: part === 1 ? products : 2e-5 }, precision);
          const label = `row ${row} of ${rows}, part ${part}, ${precision}`;
          assertClose(y.slice(from, to), expected.slice(from, to), tolerance, label);
        }
      }
      assert.deepEqual([...edges], [precision === "f16" ? Infinity : 80000, 2 ** -13]);
    }
  }
});
