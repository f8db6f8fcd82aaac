import { matmulBroadcast } from "../../src/reference/matmul_broadcast.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";
import { checkGelu } from "./matmul_gelu.ts";
import { checkMatmul, suits } from "./matmul_shapes.ts";

for (const variant of ["broadcast", "broadcast-odd"]) {
  for (const precision of ["f32", "f16"] as const) {
    kernelTest(
      `matmul_broadcast as ${variant} agrees with its twin in every form, within larger matrices too, in ${precision}`,
      (gpu, random) => checkMatmul(gpu, random, variant, matmulBroadcast, precision),
      [...featuresOf(precision), suits(variant, "subgroups of a multiple of 8")],
    );
  }
}

for (const precision of ["f32", "f16"] as const) {
  kernelTest(
    `matmul_broadcast takes GELU along, and its gradient, as the twins of both have it, in ${precision}`,
    (gpu, random) => checkGelu(gpu, random, "broadcast", precision),
    [...featuresOf(precision), suits("broadcast", "subgroups of a multiple of 8")],
  );
}
