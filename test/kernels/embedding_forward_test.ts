import { embeddingForward } from "../../src/reference/embedding_forward.ts";
import {
  assertClose,
  below,
  EPSILON,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("embedding_forward agrees with its twin", async (gpu, random) => {
  for (const [width, precision] of oddCases(gpu)) {
    const [batch, context, vocabulary] = [2, 5, 11];
    const tokens = below(random, batch * context, vocabulary);
    const wte = stored(normal(random, vocabulary * width), precision);
    const wpe = stored(normal(random, context * width), precision);
    const rows = batch * context;
    const [, , , x] = await runKernel(gpu, {
      kernel: "embedding_forward",
      constants: { ROWS: rows, CONTEXT: context, WIDTH: width },
      tensors: [tokens, wte, wpe, new Float32Array(rows * width)],
      extent: rows * width,
      precision,
    });
    // One addition: one rounding.
    assertClose(
      x,
      embeddingForward(tokens, wte, wpe, { context, width }),
      withStorage({ absolute: 0, relative: 2 * EPSILON }, precision),
      `width ${width} in ${precision}`,
    );
  }
});
