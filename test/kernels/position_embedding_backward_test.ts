import { strict as assert } from "node:assert";
import { positionEmbeddingBackward } from "../../src/reference/position_embedding_backward.ts";
import {
  assertClose,
  EPSILON,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  type Tensor,
} from "./kernel_harness.ts";

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

kernelTest(
  "position_embedding_backward over windows in two passes gives the bits of one",
  async (gpu, random) => {
    const [batch, context, width, cut] = [3, 5, 7, 1];
    const plane = context * width;
    const dx = normal(random, batch * plane);
    const run = async (from: number, to: number, dwpe: Tensor, accumulate: number) => {
      const [, after] = await runKernel(gpu, {
        kernel: "position_embedding_backward",
        constants: { BATCH: to - from, CONTEXT: context, WIDTH: width, ACCUMULATE: accumulate },
        tensors: [dx.slice(from * plane, to * plane), dwpe],
        extent: plane,
      });
      return after;
    };
    const fresh = new Float32Array(plane).fill(NaN);
    assert.deepEqual(await run(cut, batch, await run(0, cut, fresh, 0), 1), await run(0, batch, fresh, 0));
  },
);
