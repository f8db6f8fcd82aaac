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

kernelTest("swiglu_forward agrees with its twin, far into both tails", async (gpu, random) => {
  for (const [count, precision] of oddCases(gpu)) {
    const gate = stored(normal(random, count, 3), precision);
    gate[0] = count % 2 === 0 ? 100 : -100; // Where exp would overflow.
    const up = stored(normal(random, count), precision);
    const [, , y] = await runKernel(gpu, {
      kernel: "swiglu_forward",
      constants: { COUNT: count },
      tensors: [gate, up, new Float32Array(count).fill(NaN)],
      extent: count,
      precision,
    });
    // WGSL's exp is good to 3 + 2|x| ulp, |x| below about 12 where it matters; a division and two products.
    assertClose(
      y,
      swigluForward(gate, up),
      withStorage({ absolute: 1e-6, relative: 4e-6 }, precision),
      `${count} in ${precision}`,
    );
  }
});
