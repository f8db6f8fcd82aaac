import { strict as assert } from "node:assert";
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
  type Tensor,
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

kernelTest(
  "embedding_forward in two shards gives the bits of one; positions may be absent",
  async (gpu, random) => {
    const [rows, context, vocabulary, width, cut] = [14, 7, 11, 5, 6];
    const tokens = below(random, rows, vocabulary);
    const [wte, wpe] = [normal(random, vocabulary * width), normal(random, context * width)];
    const run = async (positions: number, shards: readonly (readonly [number, number])[]) => {
      let x: Tensor = new Float32Array(rows * width).fill(NaN);
      for (const [first, end] of shards) {
        const constants = { FIRST_TOKEN: first, TOKENS: end - first, HAS_POSITIONS: positions };
        [, , , x] = await runKernel(gpu, {
          kernel: "embedding_forward",
          constants: { ROWS: rows, CONTEXT: context, WIDTH: width, ...constants },
          tensors: [tokens, wte.slice(first * width, end * width), wpe, x],
          extent: rows * width,
        });
      }
      return x;
    };
    assert.deepEqual(await run(1, [[0, cut], [cut, vocabulary]]), await run(1, [[0, vocabulary]]));
    const expected = embeddingForward(tokens, wte, new Float32Array(context * width), { context, width });
    assert.deepEqual(await run(0, [[0, cut], [cut, vocabulary]]), Float32Array.from(expected));
  },
);
