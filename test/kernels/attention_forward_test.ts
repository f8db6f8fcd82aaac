import { assertAttention, attentionData, shapesOn, TILED_SHAPES } from "./attention_run.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";

for (const precision of ["f32", "f16"] as const) {
  kernelTest(`attention_forward agrees with its twin in ${precision}`, async (gpu, random) => {
    for (const shape of shapesOn(gpu, TILED_SHAPES)) {
      await assertAttention(gpu, attentionData(random, shape, { precision }), "tiled", "forward");
    }
  }, featuresOf(precision));
}
