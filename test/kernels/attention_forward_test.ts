import { attentionForward } from "../../src/reference/attention_forward.ts";
import {
  ATTENTION_SHAPES,
  ATTENTION_TOLERANCE,
  attentionConstants,
  attentionGrid,
  describeShape,
} from "./attention_shapes.ts";
import { assertClose, kernelTest, normal, runKernel } from "./kernel_harness.ts";

kernelTest("attention_forward agrees with its twin", async (gpu, random) => {
  for (const shape of ATTENTION_SHAPES) {
    const rows = shape.batch * shape.context;
    const width = shape.heads * shape.headSize;
    const qkv = normal(random, rows * 3 * width);
    const [, out, logSumExp] = await runKernel(gpu, {
      kernel: "attention_forward",
      constants: attentionConstants(shape),
      tensors: [
        qkv,
        new Float32Array(rows * width).fill(NaN),
        new Float32Array(rows * shape.heads).fill(NaN),
      ],
      extent: attentionGrid(shape, gpu.workgroupSize),
    });
    const expected = attentionForward(qkv, shape);
    assertClose(out, expected.out, ATTENTION_TOLERANCE, `out, ${describeShape(shape)}`);
    assertClose(logSumExp, expected.logSumExp, ATTENTION_TOLERANCE, `logSumExp, ${describeShape(shape)}`);
  }
});
