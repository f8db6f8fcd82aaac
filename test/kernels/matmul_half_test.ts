import { matmulHalf } from "../../src/reference/matmul_half.ts";
import { kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

for (const variant of ["half-64", "half-128-odd"]) {
  kernelTest(
    `matmul_half as ${variant} agrees with its twin in every form, within larger matrices too`,
    (gpu, random) => checkMatmul(gpu, random, variant, matmulHalf, "f16"),
    ["shader-f16"],
  );
}
