import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import { attentionForward } from "../../src/reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../../src/reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../../src/reference/attention_query_backward.ts";
import {
  assertAttention,
  attentionData,
  everyOther,
  runAttention,
  shapesOn,
  TILED_SHAPES,
  valueColumns,
} from "./attention_run.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";

for (const precision of ["f32", "f16"] as const) {
  kernelTest(`attention_key_value_backward agrees with its twin in ${precision}`, async (gpu, random) => {
    for (const shape of shapesOn(gpu, everyOther(TILED_SHAPES, 1))) {
      await assertAttention(gpu, attentionData(random, shape, { precision }), "tiled", "backward");
    }
  }, featuresOf(precision));
}

kernelTest("attention's gradients have the same bits every time", async (gpu, random) => {
  const data = attentionData(random, {
    batchSize: 1,
    contextLength: 67,
    headCount: 4,
    keyValueHeadCount: 1,
    headSize: 12,
    isPacked: false,
  });
  for (const form of ["direct", "tiled"] as const) {
    const [first, second] = [await runAttention(gpu, data, form), await runAttention(gpu, data, form)];
    assert.deepEqual(first, second);
  }
});

Deno.test("the twins of attention's backward kernels agree with finite differences", () => {
  const shape = {
    batchSize: 1,
    contextLength: 4,
    headCount: 4,
    keyValueHeadCount: 2,
    headSize: 3,
    isPacked: true,
  };
  const random = new Random(5);
  const qkv = Float64Array.from({ length: 4 * 24 }, () => random.nextNormal());
  const dout = Float64Array.from({ length: 4 * 12 }, () => random.nextNormal());
  const objective = (at: Float64Array) =>
    attentionForward(valueColumns([at], shape), shape).out.reduce(
      (sum, value, i) => sum + value * dout[i],
      0,
    );
  const inputs = valueColumns([qkv], shape);
  const { out, logSumExp } = attentionForward(inputs, shape);
  const dqkv = new Float64Array(qkv.length);
  const { queries, keys: dkeys, values: dvalues } = valueColumns([dqkv], shape);
  const rowDot = attentionQueryBackward(inputs, { out, logSumExp, dout }, shape, queries);
  attentionKeyValueBackward(inputs, { logSumExp, rowDot, dout }, shape, { dkeys, dvalues });
  const h = 1e-6; // Error about h² plus 1e-15/h.
  for (let i = 0; i < qkv.length; i++) {
    const [up, down] = [h, -h].map((step) =>
      objective(qkv.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dqkv[i]) < 1e-7, `element ${i}`);
  }
});
