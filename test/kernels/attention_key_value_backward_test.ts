import { strict as assert } from "node:assert";
import { Random } from "../../src/base/random.ts";
import { attentionForward } from "../../src/reference/attention_forward.ts";
import { attentionKeyValueBackward } from "../../src/reference/attention_key_value_backward.ts";
import { attentionQueryBackward } from "../../src/reference/attention_query_backward.ts";
import {
  ATTENTION_SHAPES,
  ATTENTION_TOLERANCE,
  attentionConstants,
  attentionGrid,
  describeShape,
} from "./attention_shapes.ts";
import { assertClose, kernelTest, normal, runKernel } from "./kernel_harness.ts";

kernelTest("attention_key_value_backward agrees with its twin", async (gpu, random) => {
  for (const shape of ATTENTION_SHAPES) {
    const rows = shape.batch * shape.context;
    const width = shape.heads * shape.headSize;
    const [qkv, dout] = [normal(random, rows * 3 * width), normal(random, rows * width)];
    const { out, logSumExp } = attentionForward(qkv, shape);
    const rowDot = attentionQueryBackward(
      { qkv, out, logSumExp, dout },
      shape,
      new Float64Array(rows * 3 * width),
    );
    const saved = [logSumExp, rowDot].map((values) => Float32Array.from(values));
    const after = await runKernel(gpu, {
      kernel: "attention_key_value_backward",
      constants: attentionConstants(shape),
      tensors: [qkv, ...saved, dout, new Float32Array(rows * 3 * width)],
      extent: attentionGrid(shape, gpu.workgroupSize),
    });
    const dqkv = new Float64Array(rows * 3 * width);
    attentionKeyValueBackward({ qkv, logSumExp, rowDot, dout }, shape, dqkv);
    assertClose(after[4], dqkv, ATTENTION_TOLERANCE, `dqkv, ${describeShape(shape)}`);
  }
});

Deno.test("the twins of attention's backward kernels agree with finite differences", () => {
  const shape = { batch: 1, context: 4, heads: 2, headSize: 3 };
  const random = new Random(5);
  const qkv = Float64Array.from({ length: 4 * 18 }, () => random.nextNormal());
  const dout = Float64Array.from({ length: 4 * 6 }, () => random.nextNormal());
  const objective = (at: Float64Array) =>
    attentionForward(at, shape).out.reduce((sum, value, i) => sum + value * dout[i], 0);
  const { out, logSumExp } = attentionForward(qkv, shape);
  const dqkv = new Float64Array(qkv.length);
  const rowDot = attentionQueryBackward({ qkv, out, logSumExp, dout }, shape, dqkv);
  attentionKeyValueBackward({ qkv, logSumExp, rowDot, dout }, shape, dqkv);
  const h = 1e-6; // Error about h² plus 1e-15/h.
  for (let i = 0; i < qkv.length; i++) {
    const [up, down] = [h, -h].map((step) =>
      objective(qkv.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dqkv[i]) < 1e-7, `element ${i}`);
  }
});
