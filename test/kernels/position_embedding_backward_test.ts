import { positionEmbeddingBackward } from "../../src/reference/position_embedding_backward.ts";
import { assertClose, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("position_embedding_backward sums over the batch", async (gpu, random) => {
  for (const width of ODD_SIZES) {
    const [batch, context] = [3, 7];
    const dx = normal(random, batch * context * width);
    const [, dwpe] = await runKernel(gpu, {
      kernel: "position_embedding_backward",
      constants: { BATCH: batch, CONTEXT: context, WIDTH: width },
      tensors: [dx, new Float32Array(context * width).fill(NaN)],
      extent: context * width,
    });
    // Three additions of values below about 5.
    const expected = positionEmbeddingBackward(dx, { context, width });
    assertClose(dwpe, expected, { absolute: 3 * 15 * EPSILON }, `width ${width}`);
  }
});
