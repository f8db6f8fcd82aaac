import { strict as assert } from "node:assert";
import { sortTokens } from "../../src/model/mod.ts";
import { embeddingBackward } from "../../src/reference/embedding_backward.ts";
import { assertClose, below, EPSILON, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("embedding_backward adds each row to its token, the same bits every time", async (gpu, random) => {
  for (const width of ODD_SIZES) {
    const [rows, vocabulary] = [37, 5]; // Many rows a token: a race would show.
    const tokens = below(random, rows, vocabulary);
    const positions = new Uint32Array(rows);
    const starts = new Uint32Array(vocabulary + 1);
    sortTokens(tokens, positions, starts);
    const dx = normal(random, rows * width);
    const dwte = normal(random, vocabulary * width);
    const expected = Float64Array.from(dwte);
    embeddingBackward(tokens, dx, expected, width);
    const run = () =>
      runKernel(gpu, {
        kernel: "embedding_backward",
        constants: { VOCABULARY: vocabulary, WIDTH: width },
        tensors: [positions, starts, dx, dwte],
        extent: vocabulary * width,
      });
    const actual = (await run())[3];
    // Up to 37 additions of values below about 4: each rounds a sum below 40.
    assertClose(actual, expected, { absolute: rows * 40 * EPSILON }, `width ${width}`);
    assert.deepEqual((await run())[3], actual);
  }
});
