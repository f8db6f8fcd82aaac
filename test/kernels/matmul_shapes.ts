/** Every matmul kernel against its twin: odd shapes, parts of larger matrices, a bias, adding to what y holds, f16. */
import type { Random } from "../../src/base/random.ts";
import type { Gpu, Precision } from "../../src/gpu/mod.ts";
import {
  MATMUL_VARIANTS,
  type MatmulForm,
  type MatmulShape,
  type MatmulVariant,
  type Product,
} from "../../src/model/matmul_variants.ts";
import { productBlock, variantConstants, variantGrid } from "../../src/model/matmul_variants.ts";
import type { ProductOptions } from "../../src/reference/matrix_product.ts";
import type { Values } from "../../src/reference/values.ts";
import {
  assertClose,
  EPSILON,
  EPSILON_F16,
  type Need,
  normal,
  runKernel,
  toHalves,
} from "./kernel_harness.ts";

/**
 * [rows, columns, inner] around the tiles (4, 8 and 32 rows, 4 columns), the workgroups' widths (64 and 256 columns), and the
 * steps along the inner dimension (16, of four slices 64), whole and not.
 */
const SHAPES = [
  [1, 1, 1],
  [7, 3, 5],
  [8, 4, 16],
  [9, 5, 17],
  [13, 63, 31],
  [17, 65, 2],
  [33, 2, 9],
  [2, 257, 3],
  [9, 5, 150],
  [3, 9, 128],
] as const;

type Twin = (
  form: MatmulForm,
  a: Values,
  b: Values,
  shape: MatmulShape,
  options?: ProductOptions,
) => Float64Array;

interface Setting {
  readonly form: MatmulForm;
  readonly shape: MatmulShape;
  /**
   * The matrices are parts of larger ones whose other elements are NaN, a bias is added, and the product is added to y.
   */
  readonly embedded: boolean;
  readonly precision: Precision;
  /** How y is stored. */
  readonly output: Precision;
}

/** That the variant suits the adapter, which `what` says in words. */
export function suits(variant: string, what: string): Need {
  const shape = { rows: 4, columns: 4, inner: 4 };
  const setting = { form: "nn", shape, embedded: false, precision: "f32", output: "f32" } as const;
  const side = variant.endsWith("-odd") ? 5 : 4;
  const plain = productOf(setting, { a: side, b: side, y: 4 }, { a: 0, b: 0, y: 0 });
  return { what, isMet: (facts) => variantOf(variant).suits(plain, facts) };
}

/** SwiftShader, a browser's adapter without a GPU, takes half a minute for the shapes of a tiled kernel: there a third has to do. */
function shapesOn(gpu: Gpu): readonly (typeof SHAPES[number])[] {
  return gpu.facts.architecture === "swiftshader" ? SHAPES.filter((_, index) => index % 3 === 0) : SHAPES;
}

/** All forms and shapes, with operands in `precision`; in f16 y may be of either. */
export async function checkMatmul(
  gpu: Gpu,
  random: Random,
  name: string,
  twin: Twin,
  precision: Precision,
): Promise<void> {
  for (const output of precision === "f16" ? ["f16", "f32"] as const : ["f32"] as const) {
    for (const form of ["nn", "nt", "tn"] as const) {
      for (const [rows, columns, inner] of shapesOn(gpu)) {
        for (const embedded of [false, true]) {
          const shape = { rows, columns, inner };
          await checkSetting(gpu, random, variantOf(name), twin, {
            form,
            shape,
            embedded,
            precision,
            output,
          });
        }
      }
    }
  }
}

async function checkSetting(
  gpu: Gpu,
  random: Random,
  variant: MatmulVariant,
  twin: Twin,
  setting: Setting,
): Promise<void> {
  const { form, shape, embedded, precision, output } = setting;
  const { rows, columns, inner } = shape;
  const stored = precision === "f16" ? toHalves : (values: Float32Array) => values;
  // Odd strides and offsets where the kernel bears them, else multiples of four.
  const layout = (width: number, extra: number, start: number) => {
    const [stride, offset] = embedded ? [width + extra, start] : [width, 0];
    const fours = variant.suits(productOf(setting, { a: 4, b: 4, y: 1 }, { a: 1, b: 4, y: 0 }), gpu.facts)
      ? 1
      : 4;
    return { stride: Math.ceil(stride / fours) * fours, offset: Math.ceil(offset / fours) * fours };
  };
  const place = (count: number, width: number, { stride, offset }: { stride: number; offset: number }) =>
    embed(stored(normal(random, count * width)), count, stride, offset);
  const [aSize, bSize] = [
    form === "tn" ? [inner, rows] : [rows, inner],
    form === "nt" ? [columns, inner] : [inner, columns],
  ];
  const [a, b, y] = [layout(aSize[1], 3, 7), layout(bSize[1], 5, 2), {
    stride: columns + (embedded ? 2 : 0),
    offset: embedded ? 9 : 0,
  }];
  const [aValues, bValues, yValues] = [
    place(aSize[0], aSize[1], a),
    place(bSize[0], bSize[1], b),
    place(rows, columns, y),
  ];
  const bias = stored(normal(random, columns));
  const [strides, offsets] = [{ a: a.stride, b: b.stride, y: y.stride }, {
    a: a.offset,
    b: b.offset,
    y: y.offset,
  }];
  const product = productOf(setting, strides, offsets);
  const after = await runKernel(gpu, {
    kernel: variant.kernel,
    constants: variantConstants(variant, product),
    tensors: [productBlock(product), aValues, bValues, embedded ? yValues : yValues.map(() => NaN), bias],
    extent: variantGrid(variant, shape, gpu.workgroupSize),
    uniform: true,
    precision,
    output,
  });
  const onto = embedded ? yValues : new Float32Array(yValues.length).fill(NaN, rows * columns);
  const options = { bias: embedded ? bias : undefined, onto, strides, offsets };
  const expected = twin(form, aValues, bValues, shape, options);
  const label = `${variant.name} ${form} ${precision} to ${output} ${rows}×${columns}×${inner}${
    embedded ? " embedded" : ""
  }`;
  assertClose(marked(after[3]), marked(expected), tolerance(inner + 2, output, variant), label);
}

export function variantOf(name: string): MatmulVariant {
  return MATMUL_VARIANTS.find((candidate) => candidate.name === name)!;
}

function productOf(
  { form, shape, embedded, precision, output }: Setting,
  strides: Product["strides"],
  offsets: Product["offsets"],
): Product {
  return {
    ...shape,
    form,
    strides,
    offsets,
    hasBias: embedded,
    accumulate: embedded,
    isPadded: true,
    precision,
    output,
  };
}

/** NaN in the gaps of y must have stayed what it was: it is compared as a value that no product has. */
function marked(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => Number.isNaN(value) ? 1e9 : value);
}

/** `values` as `count` rows at `stride` from `offset` on, NaN between and before, up to a whole group of four. */
function embed(values: Float32Array, count: number, stride: number, offset: number) {
  const width = values.length / count;
  const end = offset + (count - 1) * stride + width;
  const larger = new Float32Array(Math.ceil(end / 4) * 4).fill(NaN);
  for (let row = 0; row < count; row++) {
    larger.set(values.subarray(row * width, (row + 1) * width), offset + row * stride);
  }
  return larger;
}

/**
 * A sum of `inner` products of standard normals: |value| below about 12·√inner, one rounding a term, and one of storage. What a
 * variant sums in halves is rounded with every term: 16 roundings of at most half a unit of what has been summed.
 */
function tolerance(
  inner: number,
  output: Precision,
  { relativeError }: MatmulVariant,
): { absolute: number } {
  const stored = output === "f16" ? EPSILON_F16 : 0;
  return { absolute: ((inner + 1) * EPSILON + stored + relativeError) * 12 * Math.sqrt(inner) };
}
