import { matmulDirect } from "../../src/reference/matmul_direct.ts";
import { kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

kernelTest(
  "matmul_direct agrees with its twin in every form, within larger matrices too",
  (gpu, random) => checkMatmul(gpu, random, "matmul_direct", matmulDirect),
);
