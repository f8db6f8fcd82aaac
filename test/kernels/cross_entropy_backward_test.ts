import { strict as assert } from "node:assert";
import { crossEntropyBackward } from "../../src/reference/cross_entropy_backward.ts";
import { crossEntropyLosses, NOT_COUNTED } from "../../src/reference/cross_entropy_forward.ts";
import { assertClose, below, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";
import { columnsOf, padded, strideOf } from "./loss_tiles.ts";

kernelTest("cross_entropy_backward agrees with its twin in each tile", async (gpu, random) => {
  for (const rows of ODD_SIZES) {
    const [vocabulary, scale] = [1100, 8];
    const logits = normal(random, rows * vocabulary, 3);
    const targets = below(random, rows, vocabulary);
    if (rows > 1) targets[0] = NOT_COUNTED;
    const logSumExp = Float32Array.from(crossEntropyLosses(logits, targets, vocabulary).logSumExp);
    for (const [firstToken, columns] of [[0, 17], [17, 1], [18, 65], [0, 1100]]) {
      const tile = columnsOf(logits, vocabulary, firstToken, columns);
      const [wide] = await runKernel(gpu, {
        kernel: "cross_entropy_backward",
        constants: { ROWS: rows, COLUMNS: columns, STRIDE: strideOf(columns), FIRST_TOKEN: firstToken },
        tensors: [padded(tile, columns), targets, logSumExp, Float32Array.of(1 / rows, scale)],
        extent: [Math.ceil(columns / (16 * gpu.workgroupSize)), rows],
      });
      const dlogits = columnsOf(wide as Float32Array, strideOf(columns), 0, columns);
      assert.ok(
        columnsOf(wide as Float32Array, strideOf(columns), columns, 3).every(Number.isNaN),
        "padding",
      );
      const expected = crossEntropyBackward(tile, targets, logSumExp, {
        columns,
        firstToken,
        scale: scale / rows,
      });
      // exp is good to 3 + 2|x| ulp and its argument to one of 15: about 4e-6 of a probability below one.
      assertClose(dlogits, expected, { absolute: 4e-6 * scale / rows }, `${rows} rows from ${firstToken}`);
    }
  }
});

Deno.test("the twins of the loss agree with finite differences", () => {
  const logits = Float64Array.of(0.4, -1, 2, 0.1, 0, 0.7, 1, 2, 3);
  const targets = Uint32Array.of(2, 0, NOT_COUNTED);
  const mean = (at: Float64Array) =>
    crossEntropyLosses(at, targets, 3).losses.reduce((sum, loss) => sum + loss, 0) / 2;
  const { logSumExp } = crossEntropyLosses(logits, targets, 3);
  const tile = { columns: 3, firstToken: 0, scale: 1 / 2 };
  const dlogits = crossEntropyBackward(logits, targets, logSumExp, tile);
  const h = 1e-6; // Error about h² plus 1e-16/h.
  for (let i = 0; i < logits.length; i++) {
    const [up, down] = [h, -h].map((step) =>
      mean(logits.map((value, j) => (j === i ? value + step : value)))
    );
    assert.ok(Math.abs((up - down) / (2 * h) - dlogits[i]) < 1e-8);
  }
});
