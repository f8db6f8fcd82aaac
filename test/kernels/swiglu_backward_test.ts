import { strict as assert } from "node:assert";
import { swigluBackward } from "../../src/reference/swiglu_backward.ts";
import { swigluForward } from "../../src/reference/swiglu_forward.ts";
import {
  assertClose,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("swiglu_backward agrees with its twin, dgate in place of dy", async (gpu, random) => {
  for (const [count, precision] of oddCases(gpu)) {
    const gate = stored(normal(random, count, 3), precision);
    gate[0] = count % 2 === 0 ? 100 : -100; // Where exp would overflow.
    const [up, dy] = [1, 1].map(() => stored(normal(random, count), precision));
    const [, , dgate, dup] = await runKernel(gpu, {
      kernel: "swiglu_backward",
      constants: { COUNT: count },
      tensors: [gate, up, dy, new Float32Array(count).fill(NaN)],
      extent: count,
      precision,
    });
    const expected = swigluBackward(gate, up, dy);
    // As forward; 1 - s loses up to an ulp of one, times gate, up and dy: below about 12·4·4.
    const tolerance = withStorage({ absolute: 2e-5, relative: 4e-6 }, precision);
    assertClose(dgate, expected.dgate, tolerance, `dgate, ${count} in ${precision}`);
    assertClose(dup, expected.dup, tolerance, `dup, ${count} in ${precision}`);
  }
});

Deno.test("swiglu_backward's twin agrees with finite differences", () => {
  const h = 1e-6; // Error about h² plus 1e-16/h.
  const one = (value: number) => Float64Array.of(value);
  for (const [gate, up] of [[-3, 0.5], [-0.7, -2], [0, 1], [0.4, 3], [2.5, -0.1]]) {
    const { dgate, dup } = swigluBackward(one(gate), one(up), one(1));
    const f = (gate: number, up: number) => swigluForward(one(gate), one(up))[0];
    assert.ok(Math.abs((f(gate + h, up) - f(gate - h, up)) / (2 * h) - dgate[0]) < 1e-8, `gate ${gate}`);
    assert.ok(Math.abs((f(gate, up + h) - f(gate, up - h)) / (2 * h) - dup[0]) < 1e-8, `up ${up}`);
  }
});
