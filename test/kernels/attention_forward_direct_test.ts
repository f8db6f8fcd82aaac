import { assertAttention, attentionData, DIRECT_SHAPES, shapesOn } from "./attention_run.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";

for (const precision of ["f32", "f16"] as const) {
  kernelTest(`attention_forward_direct agrees with its twin in ${precision}`, async (gpu, random) => {
    for (const shape of shapesOn(gpu, DIRECT_SHAPES)) {
      await assertAttention(gpu, attentionData(random, shape, { precision }), "direct", "forward");
    }
  }, featuresOf(precision));
}
