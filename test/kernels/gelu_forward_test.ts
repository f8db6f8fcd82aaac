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
    const [, y] = await runKernel(gpu, {
      kernel: "gelu_forward",
      constants: { COUNT: count },
      tensors: [x, new Float32Array(count)],
      extent: count,
      precision,
    });
    // WGSL leaves tanh's accuracy to sinh/cosh, about 1e-6 absolute near one; times x/2.
    assertClose(
      y,
      geluForward(x),
      withStorage({ absolute: 1e-5, relative: 2e-6 }, precision),
      `${count} in ${precision}`,
    );
  }
});
