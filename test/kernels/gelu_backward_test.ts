import { strict as assert } from "node:assert";
import { geluBackward } from "../../src/reference/gelu_backward.ts";
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

kernelTest("gelu_backward agrees with its twin, in place", async (gpu, random) => {
  for (const [count, precision] of oddCases(gpu)) {
    const [x, dy] = [3, 1].map((deviation) => stored(normal(random, count, deviation), precision));
    for (const form of ["tanh", "erf"] as const) {
      const [, dx] = await runKernel(gpu, {
        kernel: "gelu_backward",
        constants: { COUNT: count, ERF: form === "erf" ? 1 : 0 },
        tensors: [x, dy],
        extent: count,
        precision,
      });
      // tanh to about 1e-6, and 1 - t² times x times the slope (below 4 where it is not saturated).
      assertClose(
        dx,
        geluBackward(x, dy, form),
        withStorage({ absolute: 5e-5, relative: 5e-6 }, precision),
        `${form}, ${count} in ${precision}`,
      );
    }
  }
});

Deno.test("gelu_backward's twin agrees with finite differences", () => {
  const h = 1e-6; // Error about h² plus 1e-16/h.
  for (const x of [-3, -0.7, 0, 0.4, 2.5]) {
    for (const form of ["tanh", "erf"] as const) {
      const [up, down] = geluForward(Float64Array.of(x + h, x - h), form);
      const [dx] = geluBackward(Float64Array.of(x), Float64Array.of(1), form);
      assert.ok(Math.abs((up - down) / (2 * h) - dx) < 1e-8, `${form} at ${x}`);
    }
  }
});
