import { matmulGrid } from "../../src/model/matmul.ts";
import { matmulNN } from "../../src/reference/matmul_nn.ts";
import { kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

kernelTest(
  "matmul_nn agrees with its twin, within larger matrices too",
  (gpu, random) =>
    checkMatmul(gpu, random, {
      kernel: "matmul_nn",
      form: "nn",
      twin: matmulNN,
      grid: (shape) => matmulGrid(shape, gpu.workgroupSize),
    }),
);
