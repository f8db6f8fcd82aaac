import { strict as assert } from "node:assert";
import { erf } from "../../src/reference/erf.ts";
import { geluForward } from "../../src/reference/gelu_forward.ts";
import {
  assertClose,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("gelu_forward agrees with its twin, far into both tails", async (gpu, random) => {
  for (const [count, precision] of oddCases(gpu)) {
    const x = stored(normal(random, count, 3), precision);
    x[0] = count % 2 === 0 ? 60 : -60; // Where exp inside tanh would overflow.
    for (const form of ["tanh", "erf"] as const) {
      const [, y] = await runKernel(gpu, {
        kernel: "gelu_forward",
        constants: { COUNT: count, ERF: form === "erf" ? 1 : 0 },
        tensors: [x, new Float32Array(count)],
        extent: count,
        precision,
      });
      // WGSL leaves tanh's accuracy to sinh/cosh, about 1e-6 absolute near one; erf's is 1.5e-7; both times x/2.
      assertClose(
        y,
        geluForward(x, form),
        withStorage({ absolute: 1e-5, relative: 2e-6 }, precision),
        `${form}, ${count} in ${precision}`,
      );
    }
  }
});

Deno.test("the error function has the values of its tables", () => {
  // Abramowitz & Stegun, table 7.1, and the complement at 4.
  for (const [x, value] of [[0, 0], [0.5, 0.5204998778], [1, 0.8427007929], [2, 0.9953222650]]) {
    assert.ok(Math.abs(erf(x) - value) < 1e-10, `${x}`);
    assert.equal(erf(-x), -erf(x));
  }
  assert.ok(Math.abs(1 - erf(4) - 1.541725790e-8) < 1e-15);
  assert.ok(Math.abs(erf(2.5 - 1e-9) - erf(2.5)) < 1e-11, "both ways meet");
});
