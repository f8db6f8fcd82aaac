import { matmulGrid } from "../../src/model/matmul.ts";
import { matmulTN } from "../../src/reference/matmul_tn.ts";
import { kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

kernelTest(
  "matmul_tn agrees with its twin, within larger matrices too",
  (gpu, random) =>
    checkMatmul(gpu, random, {
      kernel: "matmul_tn",
      form: "tn",
      twin: matmulTN,
      grid: (shape) => matmulGrid(shape, gpu.workgroupSize),
    }),
);
