import { embeddingForward } from "../../src/reference/embedding_forward.ts";
import { assertClose, below, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("embedding_forward agrees with its twin", async (gpu, random) => {
  for (const width of ODD_SIZES) {
    const [batch, context, vocabulary] = [2, 5, 11];
    const tokens = below(random, batch * context, vocabulary);
    const wte = normal(random, vocabulary * width);
    const wpe = normal(random, context * width);
    const rows = batch * context;
    const [, , , x] = await runKernel(gpu, {
      kernel: "embedding_forward",
      constants: { ROWS: rows, CONTEXT: context, WIDTH: width },
      tensors: [tokens, wte, wpe, new Float32Array(rows * width)],
      extent: rows * width,
    });
    // One addition: one rounding.
    assertClose(x, embeddingForward(tokens, wte, wpe, { context, width }), {
      absolute: 0,
      relative: 2 * EPSILON,
    }, `width ${width}`);
  }
});
