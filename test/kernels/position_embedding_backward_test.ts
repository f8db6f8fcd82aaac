import { positionEmbeddingBackward } from "../../src/reference/position_embedding_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, oddCases, runKernel, stored } from "./kernel_harness.ts";

kernelTest("position_embedding_backward sums over the batch", async (gpu, random) => {
  for (const [width, precision] of oddCases(gpu)) {
    const [batch, context] = [3, 7];
    const dx = stored(normal(random, batch * context * width), precision);
    const [, dwpe] = await runKernel(gpu, {
      kernel: "position_embedding_backward",
      constants: { BATCH: batch, CONTEXT: context, WIDTH: width },
      tensors: [dx, new Float32Array(context * width).fill(NaN)],
      extent: context * width,
      precision,
    });
    // Three additions of values below about 5.
    const expected = positionEmbeddingBackward(dx, { context, width });
    assertClose(dwpe, expected, { absolute: 3 * 15 * EPSILON }, `width ${width} in ${precision}`);
  }
});
