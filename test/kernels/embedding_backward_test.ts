import { strict as assert } from "node:assert";
import { sortTokens } from "../../src/model/mod.ts";
import { embeddingBackward } from "../../src/reference/embedding_backward.ts";
import {
  assertClose,
  below,
  EPSILON,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
} from "./kernel_harness.ts";

kernelTest("embedding_backward adds each row to its token, the same bits every time", async (gpu, random) => {
  for (const [width, precision] of oddCases(gpu)) {
    const [rows, vocabulary] = [37, 5]; // Many rows a token: a race would show.
    const tokens = below(random, rows, vocabulary);
    const positions = new Uint32Array(rows);
    const starts = new Uint32Array(vocabulary + 1);
    sortTokens(tokens, positions, starts);
    const dx = stored(normal(random, rows * width), precision);
    const dwte = normal(random, vocabulary * width);
    const expected = Float64Array.from(dwte);
    embeddingBackward(tokens, dx, expected, width);
    const run = () =>
      runKernel(gpu, {
        kernel: "embedding_backward",
        constants: { VOCABULARY: vocabulary, WIDTH: width },
        tensors: [positions, starts, dx, dwte],
        extent: vocabulary * width,
        precision,
      });
    const actual = (await run())[3];
    // Up to 37 additions of values below about 4: each rounds a sum below 40.
    assertClose(actual, expected, { absolute: rows * 40 * EPSILON }, `width ${width} in ${precision}`);
    assert.deepEqual((await run())[3], actual);
  }
});

kernelTest("embedding_backward overwrites where the head is not tied", async (gpu, random) => {
  const [rows, vocabulary, width] = [9, 4, 3];
  const tokens = below(random, rows, vocabulary - 1); // The last token never occurs: its row must become zero.
  const positions = new Uint32Array(rows);
  const starts = new Uint32Array(vocabulary + 1);
  sortTokens(tokens, positions, starts);
  const dx = normal(random, rows * width);
  const [, , , dwte] = await runKernel(gpu, {
    kernel: "embedding_backward",
    constants: { VOCABULARY: vocabulary, WIDTH: width, ACCUMULATE: 0 },
    tensors: [positions, starts, dx, new Float32Array(vocabulary * width).fill(NaN)],
    extent: vocabulary * width,
  });
  const expected = new Float64Array(vocabulary * width);
  embeddingBackward(tokens, dx, expected, width);
  // 9 additions of values below about 4.
  assertClose(dwte, expected, { absolute: 9 * 9 * 4 * EPSILON }, "dwte");
});

kernelTest("embedding_backward computes a shard as the same rows of the whole", async (gpu, random) => {
  const [rows, vocabulary, width, firstToken] = [23, 9, 5, 4];
  const tokens = below(random, rows, vocabulary);
  const positions = new Uint32Array(rows);
  const starts = new Uint32Array(vocabulary + 1);
  sortTokens(tokens, positions, starts);
  const dx = normal(random, rows * width);
  const run = async (count: number, first: number) => {
    const [, , , dwte] = await runKernel(gpu, {
      kernel: "embedding_backward",
      constants: { VOCABULARY: count, FIRST_TOKEN: first, WIDTH: width, ACCUMULATE: 0 },
      tensors: [positions, starts, dx, new Float32Array(count * width).fill(NaN)],
      extent: count * width,
    });
    return dwte;
  };
  const whole = await run(vocabulary, 0);
  assert.deepEqual(await run(vocabulary - firstToken, firstToken), whole.slice(firstToken * width));
});
