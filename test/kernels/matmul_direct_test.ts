import { matmulDirect } from "../../src/reference/matmul_direct.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

for (const precision of ["f32", "f16"] as const) {
  kernelTest(
    `matmul_direct agrees with its twin in every form, within larger matrices too, in ${precision}`,
    (gpu, random) => checkMatmul(gpu, random, "direct", matmulDirect, precision),
    featuresOf(precision),
  );
}
