import { attentionForward } from "../../src/reference/attention_forward.ts";
import { attentionQueryBackward } from "../../src/reference/attention_query_backward.ts";
import {
  ATTENTION_SHAPES,
  ATTENTION_TOLERANCE,
  attentionConstants,
  attentionGrid,
  describeShape,
} from "./attention_shapes.ts";
import { assertClose, kernelTest, normal, runKernel } from "./kernel_harness.ts";

kernelTest(
  "attention_query_backward agrees with its twin and leaves keys and values alone",
  async (gpu, random) => {
    for (const shape of ATTENTION_SHAPES) {
      const rows = shape.batch * shape.context;
      const width = shape.heads * shape.headSize;
      const [qkv, dout] = [normal(random, rows * 3 * width), normal(random, rows * width)];
      const forward = attentionForward(qkv, shape);
      const [out, logSumExp] = [forward.out, forward.logSumExp].map((values) => Float32Array.from(values));
      const after = await runKernel(gpu, {
        kernel: "attention_query_backward",
        constants: attentionConstants(shape),
        tensors: [
          qkv,
          out,
          logSumExp,
          dout,
          new Float32Array(rows * 3 * width),
          new Float32Array(rows * shape.heads),
        ],
        extent: attentionGrid(shape, gpu.workgroupSize),
      });
      const dqkv = new Float64Array(rows * 3 * width);
      const rowDot = attentionQueryBackward({ qkv, out, logSumExp, dout }, shape, dqkv);
      assertClose(after[4], dqkv, ATTENTION_TOLERANCE, `dqkv, ${describeShape(shape)}`);
      assertClose(after[5], rowDot, ATTENTION_TOLERANCE, `rowDot, ${describeShape(shape)}`);
    }
  },
);
