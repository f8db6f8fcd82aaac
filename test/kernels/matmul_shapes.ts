/** Every matmul kernel against its twin: odd shapes, then parts of larger matrices, a bias, and adding to what y holds. */
import type { Random } from "../../src/base/random.ts";
import type { Gpu, Grid, KernelName } from "../../src/gpu/mod.ts";
import { matmulConstants, type MatmulShape } from "../../src/model/matmul.ts";
import type { ProductOptions } from "../../src/reference/matrix_product.ts";
import type { Values } from "../../src/reference/values.ts";
import { assertClose, normal, runKernel } from "./kernel_harness.ts";

/** [rows, columns, inner] around the 8×4 tile and both workgroup widths (64 and 256 columns). */
const SHAPES = [
  [1, 1, 1],
  [7, 3, 5],
  [8, 4, 16],
  [9, 5, 17],
  [13, 63, 31],
  [17, 65, 2],
  [2, 257, 3],
] as const;

export interface MatmulUnderTest {
  readonly kernel: KernelName;
  readonly form: "nn" | "nt" | "tn";
  readonly twin: (a: Values, b: Values, shape: MatmulShape, options?: ProductOptions) => Float64Array;
  readonly grid: (shape: MatmulShape) => Grid;
}

export async function checkMatmul(gpu: Gpu, random: Random, subject: MatmulUnderTest): Promise<void> {
  for (const [rows, columns, inner] of SHAPES) {
    const shape = { rows, columns, inner };
    await checkShape(gpu, random, subject, shape, false);
    await checkShape(gpu, random, subject, shape, true);
  }
}

/**
 * @param embedded the matrices are parts of larger ones whose other elements are NaN, a bias is added, and the product
 * is added to y
 */
async function checkShape(
  gpu: Gpu,
  random: Random,
  { kernel, form, twin, grid }: MatmulUnderTest,
  shape: MatmulShape,
  embedded: boolean,
): Promise<void> {
  const { rows, columns, inner } = shape;
  const [pad, start] = embedded ? [{ a: 3, b: 5, y: 2 }, { a: 7, b: 2, y: 9 }] : [ZEROS, ZEROS];
  const place = (count: number, width: number, of: "a" | "b" | "y") =>
    embed(normal(random, count * width), count, width + pad[of], start[of]);
  const a = form === "tn" ? place(inner, rows, "a") : place(rows, inner, "a");
  const b = form === "nt" ? place(columns, inner, "b") : place(inner, columns, "b");
  const y = place(rows, columns, "y");
  const before = embedded ? y.values : y.values.map(() => NaN);
  const bias = normal(random, columns);
  const strides = { a: a.stride, b: b.stride, y: y.stride };
  const options = { strides, offsets: start, accumulate: embedded, bias: embedded ? bias : undefined };
  const after = await runKernel(gpu, {
    kernel,
    constants: matmulConstants(form, shape, options),
    tensors: [a.values, b.values, before, bias],
    extent: grid(shape),
  });
  const expected = twin(a.values, b.values, shape, {
    bias: options.bias,
    onto: embedded ? y.values : undefined,
    strides,
    offsets: start,
  });
  // NaN in the gaps of y must have stayed what it was: compared as a value that no product has.
  const marked = (values: ArrayLike<number>) =>
    Array.from(values, (value) => Number.isNaN(value) ? 1e9 : value);
  assertClose(
    marked(after[2] as Float32Array),
    marked(expected),
    matmulTolerance(inner + 2),
    `${kernel} ${rows}×${columns}×${inner}${embedded ? " in larger matrices" : ""}`,
  );
}

const ZEROS = { a: 0, b: 0, y: 0 };

/** `values` as `count` rows at `stride` from `offset` on, NaN between and before. */
function embed(values: Float32Array, count: number, stride: number, offset: number) {
  const width = values.length / count;
  const larger = new Float32Array(offset + (count - 1) * stride + width).fill(NaN);
  for (let row = 0; row < count; row++) {
    larger.set(values.subarray(row * width, (row + 1) * width), offset + row * stride);
  }
  return { values: larger, stride };
}

/** A sum of `inner` products of standard normals: |value| below about 12·√inner, one rounding a term. */
function matmulTolerance(inner: number): { absolute: number } {
  return { absolute: (inner + 1) * 12 * Math.sqrt(inner) * 2 ** -24 };
}
