import { matmulGrid } from "../../src/model/layers.ts";
import { matmulNN } from "../../src/reference/matmul_nn.ts";
import { assertClose, kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { MATMUL_SHAPES, matmulTolerance } from "./matmul_shapes.ts";

kernelTest("matmul_nn agrees with its twin, with and without a bias", async (gpu, random) => {
  for (const [rows, columns, inner] of MATMUL_SHAPES) {
    const shape = { rows, columns, inner };
    const [a, b] = [normal(random, rows * inner), normal(random, inner * columns)];
    const bias = normal(random, columns);
    for (const hasBias of [0, 1]) {
      const after = await runKernel(gpu, {
        kernel: "matmul_nn",
        constants: { ROWS: rows, COLUMNS: columns, INNER: inner, HAS_BIAS: hasBias },
        tensors: [a, b, new Float32Array(rows * columns).fill(NaN), bias],
        extent: matmulGrid(shape, gpu.workgroupSize),
      });
      const expected = matmulNN(a, b, shape, hasBias === 1 ? bias : undefined);
      assertClose(after[2], expected, matmulTolerance(inner + hasBias), `${rows}×${columns}×${inner}`);
    }
  }
});
