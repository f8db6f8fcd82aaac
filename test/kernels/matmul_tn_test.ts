import { matmulGrid } from "../../src/model/layers.ts";
import { matmulTN } from "../../src/reference/matmul_tn.ts";
import { assertClose, kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { MATMUL_SHAPES, matmulTolerance } from "./matmul_shapes.ts";

kernelTest("matmul_tn agrees with its twin", async (gpu, random) => {
  for (const [rows, columns, inner] of MATMUL_SHAPES) {
    const shape = { rows, columns, inner };
    const [a, b] = [normal(random, inner * rows), normal(random, inner * columns)];
    const after = await runKernel(gpu, {
      kernel: "matmul_tn",
      constants: { ROWS: rows, COLUMNS: columns, INNER: inner },
      tensors: [a, b, new Float32Array(rows * columns).fill(NaN)],
      extent: matmulGrid(shape, gpu.workgroupSize),
    });
    assertClose(after[2], matmulTN(a, b, shape), matmulTolerance(inner), `${rows}×${columns}×${inner}`);
  }
});
