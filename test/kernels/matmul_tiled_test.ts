import type { AdapterFacts } from "../../src/gpu/mod.ts";
import { matmulTiled } from "../../src/reference/matmul_tiled.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";
import { checkMatmul } from "./matmul_shapes.ts";

const VARIANTS = [
  ["tiled-64", "f32"],
  ["tiled-64-odd", "f16"],
  ["tiled-128-odd", "f32"],
  ["tiled-128", "f16"],
  ["tiled-64-sliced", "f32"],
  ["tiled-64-sliced-odd", "f32"],
] as const;

const FOUR_SLICES = {
  what: "workgroups of 32 KiB",
  isMet: (facts: AdapterFacts) => facts.maxWorkgroupBytes >= 32768,
};

for (const [variant, precision] of VARIANTS) {
  kernelTest(
    `matmul_tiled as ${variant} agrees with its twin in every form, within larger matrices too, in ${precision}`,
    (gpu, random) => checkMatmul(gpu, random, variant, matmulTiled, precision),
    [...featuresOf(precision), ...(variant.includes("sliced") ? [FOUR_SLICES] : [])],
  );
}
