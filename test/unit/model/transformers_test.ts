/**
 * Checkpoints that Hugging Face transformers saved give the same logits, losses and gradients here as in PyTorch.
 * f32: sums of dozens to hundreds of terms, each rounded to 6e-8, in both directions through the network come within 2e-6.
 * f16: activations, their gradients and the parameters are rounded to 5e-4 each; some twenty such roundings add up to 7e-3 at most here.
 */
import { strict as assert } from "node:assert";
import { featuresOf, kernelTest } from "../../kernels/kernel_harness.ts";
import { FIXTURE_MODELS, TOLERANCES, transformersDeltas } from "./transformers_deltas.ts";

for (const model of FIXTURE_MODELS) {
  for (const precision of ["f32", "f16"] as const) {
    kernelTest(
      `${model} in ${precision}: logits, loss and every gradient are those of transformers`,
      async () => {
        const allowed = TOLERANCES[precision];
        for (const [name, { relative, absolute }] of await transformersDeltas(model, precision)) {
          assert.ok(relative <= allowed, `${name}: relative error ${relative}`);
          // Logits are of order 1 to 10 here.
          if (name === "logits") assert.ok(absolute <= 5 * allowed, `a logit is off by ${absolute}`);
        }
      },
      featuresOf(precision),
    );
  }
}
