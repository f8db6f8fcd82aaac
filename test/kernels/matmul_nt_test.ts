import { matmulGrid } from "../../src/model/matmul.ts";
import { matmulNT } from "../../src/reference/matmul_nt.ts";
import { kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

kernelTest(
  "matmul_nt agrees with its twin, within larger matrices too",
  (gpu, random) =>
    checkMatmul(gpu, random, {
      kernel: "matmul_nt",
      form: "nt",
      twin: matmulNT,
      grid: (shape) => matmulGrid(shape, gpu.workgroupSize),
    }),
);
