import { strict as assert } from "node:assert";
import { crossEntropy } from "../../src/reference/cross_entropy.ts";
import { assertClose, below, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("cross_entropy agrees with its twin, large logits included", async (gpu, random) => {
  for (const rows of ODD_SIZES) {
    const vocabulary = rows === 7 ? 1 : 29;
    const logits = normal(random, rows * vocabulary, rows === 17 ? 40 : 2);
    const targets = below(random, rows, vocabulary);
    const lossScale = rows === 16 ? 1024 : 1;
    const [dlogits, , losses] = await runKernel(gpu, {
      kernel: "cross_entropy",
      constants: { ROWS: rows, VOCABULARY: vocabulary },
      tensors: [logits, targets, new Float32Array(rows), Float32Array.of(lossScale)],
      extent: rows,
    });
    const expected = crossEntropy(logits, targets, vocabulary, lossScale);
    // WGSL's exp is good to 3 + 2|x| ulp: 29 of them relative to their sum give about 1e-5; losses reach 200 at deviation 40.
    assertClose(losses, expected.losses, { absolute: 2e-5, relative: 1e-6 }, `losses, ${rows} rows`);
    assertClose(dlogits, expected.dlogits, { absolute: 2e-5 * lossScale / rows }, `dlogits, ${rows} rows`);
  }
});

Deno.test("cross_entropy's twin agrees with finite differences", () => {
  const logits = Float64Array.of(0.4, -1, 2, 0.1, 0, 0.7);
  const targets = Uint32Array.of(2, 0);
  const mean = (at: Float64Array) =>
    crossEntropy(at, targets, 3).losses.reduce((sum, loss) => sum + loss, 0) / 2;
  const { dlogits } = crossEntropy(logits, targets, 3);
  const h = 1e-6; // Error about h² plus 1e-16/h.
  for (let i = 0; i < 6; i++) {
    const [up, down] = [h, -h].map((step) =>
      mean(logits.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dlogits[i]) < 1e-8);
  }
});
