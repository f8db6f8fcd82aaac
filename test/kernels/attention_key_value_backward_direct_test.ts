import { assertAttention, attentionData, DIRECT_SHAPES, everyOther, shapesOn } from "./attention_run.ts";
import { featuresOf, kernelTest } from "./kernel_harness.ts";

for (const precision of ["f32", "f16"] as const) {
  kernelTest(
    `attention_key_value_backward_direct agrees with its twin in ${precision}`,
    async (gpu, random) => {
      for (const shape of shapesOn(gpu, everyOther(DIRECT_SHAPES, 1))) {
        await assertAttention(gpu, attentionData(random, shape, { precision }), "direct", "backward");
      }
    },
    featuresOf(precision),
  );
}
