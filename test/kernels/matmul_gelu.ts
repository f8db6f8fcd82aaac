/** Matmul kernels that take GELU or its gradient along, against the twins of product and activation. */
import type { Random } from "../../src/base/random.ts";
import type { Gpu, Precision } from "../../src/gpu/mod.ts";
import { activationConstants, productBlock } from "../../src/model/matmul_variants.ts";
import { variantConstants, variantGrid } from "../../src/model/matmul_variants.ts";
import { geluBackward } from "../../src/reference/gelu_backward.ts";
import { geluForward } from "../../src/reference/gelu_forward.ts";
import { matmulDirect } from "../../src/reference/matmul_direct.ts";
import { assertClose, normal, runKernel, stored, withStorage } from "./kernel_harness.ts";
import { variantOf } from "./matmul_shapes.ts";

/** [rows, columns, inner], what the kernel reads in whole vectors. */
const SHAPES = [[1, 4, 4], [7, 12, 20], [33, 68, 36]] as const;

export async function checkGelu(gpu: Gpu, random: Random, name: string, precision: Precision): Promise<void> {
  const variant = variantOf(name);
  for (const [rows, columns, inner] of SHAPES) {
    for (const form of ["nn", "nt"] as const) {
      for (const activation of ["gelu-tanh", "gelu-erf"] as const) {
        for (const pass of ["forward", "backward"] as const) {
          const draw = (count: number, deviation: number) =>
            stored(normal(random, count, deviation), precision);
          const [a, b, bias, x] = [
            draw(rows * inner, 1),
            draw(inner * columns, 0.5),
            draw(columns, 1),
            draw(rows * columns, 3),
          ];
          const shape = { rows, columns, inner };
          const product = {
            ...{ ...shape, form, precision, output: precision, accumulate: false, isPadded: true },
            hasBias: pass === "forward",
            strides: { a: inner, b: form === "nt" ? inner : columns, y: columns },
            offsets: { a: 0, b: 0, y: 0 },
          };
          const [, , , y, , at] = await runKernel(gpu, {
            kernel: variant.geluKernel!,
            constants: {
              ...variantConstants(variant, product),
              ...activationConstants({ form: activation, pass }),
            },
            tensors: [productBlock(product), a, b, new Float32Array(rows * columns).fill(NaN), bias, x],
            extent: variantGrid(variant, shape, gpu.workgroupSize),
            uniform: true,
            precision,
          });
          const twin = activation === "gelu-erf" ? "erf" : "tanh";
          const sums = matmulDirect(form, a, b, shape, { bias: pass === "forward" ? bias : undefined });
          const label = `${rows}×${columns}×${inner} ${form} ${activation} ${pass} in ${precision}`;
          // Sums of at most 36 products; GELU and its slope are good to 2e-6.
          const tolerance = withStorage({ absolute: 2e-5, relative: 1e-5 }, precision);
          if (pass === "forward") {
            assertClose(y, sums, tolerance, `y of ${label}`);
            assertClose(at, geluForward(y as Float32Array, twin), tolerance, `gelu of ${label}`);
          } else {
            assertClose(y, geluBackward(x, sums, twin), tolerance, label);
            assertClose(at, x, { absolute: 0 }, `input of ${label}`);
          }
        }
      }
    }
  }
}
