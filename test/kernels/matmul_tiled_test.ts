import { matmulTiled } from "../../src/reference/matmul_tiled.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

const VARIANTS = [["tiled-64", "f32"], ["tiled-64-odd", "f16"], ["tiled-128-odd", "f32"], [
  "tiled-128",
  "f16",
]] as const;

for (const [variant, precision] of VARIANTS) {
  kernelTest(
    `matmul_tiled as ${variant} agrees with its twin in every form, within larger matrices too, in ${precision}`,
    (gpu, random) => checkMatmul(gpu, random, variant, matmulTiled, precision),
    featuresOf(precision),
  );
}
