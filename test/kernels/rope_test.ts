import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import { llamaConfig, ropeTable } from "../../src/model/mod.ts";
import { rope } from "../../src/reference/rope.ts";
import {
  assertClose,
  EPSILON,
  kernelTest,
  normal,
  precisionsOf,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

/** One token, one pair, and element counts around a workgroup. */
const SHAPES = [
  { batch: 1, context: 1, heads: 1, headSize: 2 },
  { batch: 2, context: 7, heads: 3, headSize: 10 },
  { batch: 1, context: 17, heads: 1, headSize: 8 },
  { batch: 3, context: 5, heads: 2, headSize: 64 },
] as const;

function table(context: number, headSize: number): Float32Array<ArrayBuffer> {
  const sizes = { vocabSize: 1, layerCount: 1, headCount: 1, width: headSize, innerWidth: 1 };
  return ropeTable(llamaConfig({ ...sizes, contextLength: context }), context);
}

kernelTest("rope agrees with its twin, and its inverse undoes it", async (gpu, random) => {
  for (const precision of precisionsOf(gpu)) {
    for (const { batch, context, heads, headSize } of SHAPES) {
      const rows = batch * context;
      const x = stored(normal(random, rows * heads * headSize), precision);
      const turns = table(context, headSize);
      const run = async (x: Float32Array, inverse: number) => {
        const [y] = await runKernel(gpu, {
          kernel: "rope",
          constants: { ROWS: rows, CONTEXT: context, HEADS: heads, HEAD_SIZE: headSize, INVERSE: inverse },
          tensors: [x, turns],
          extent: rows * heads * headSize / 2,
          precision,
        });
        return y as Float32Array;
      };
      // Two products of values below about 5 and a sum.
      const tolerance = withStorage({ absolute: 3 * 5 * EPSILON }, precision);
      const label = `context ${context}, ${heads} heads of ${headSize} in ${precision}`;
      const turned = await run(x, 0);
      assertClose(turned, rope(x, turns, { context, heads, headSize }), tolerance, label);
      const back = await run(turned, 1);
      assertClose(
        back,
        rope(turned, turns, { context, heads, headSize }, true),
        tolerance,
        `inverse, ${label}`,
      );
      if (precision === "f32") assertClose(back, x, { absolute: 12 * 5 * EPSILON }, `undone, ${label}`);
    }
  }
});

Deno.test("rope's inverse is its gradient: the twin agrees with finite differences", () => {
  const shape = { context: 3, heads: 2, headSize: 4 };
  const random = new Random(3);
  const [x, dy] = [0, 0].map(() => Float64Array.from({ length: 24 }, () => random.nextNormal()));
  const turns = table(3, 4);
  const dx = rope(dy, turns, shape, true);
  const objective = (x: Float64Array) =>
    rope(x, turns, shape).reduce((sum, value, i) => sum + value * dy[i], 0);
  const h = 1e-4; // The function is linear: only rounding counts.
  for (let i = 0; i < x.length; i++) {
    const [up, down] = [h, -h].map((step) =>
      objective(x.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dx[i]) < 1e-10, `element ${i}`);
  }
});
