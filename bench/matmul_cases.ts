/**
 * Every kernel of matrix products, here at the forward product of GPT-2's query-key-value projection: 2·rows·columns·inner
 * operations. The three forms at more sizes, and other libraries beside ours, are in bench/peers.
 */
import type { Random } from "../src/base/random.ts";
import {
  activationConstants,
  MATMUL_VARIANTS,
  type MatmulVariant,
  productBlock,
  variantConstants,
  variantGrid,
} from "../src/model/matmul_variants.ts";
import { geluForward } from "../src/reference/gelu_forward.ts";
import { matmulDirect } from "../src/reference/matmul_direct.ts";
import { type CaseMaker, type KernelCase, normals } from "./kernel_case.ts";

function product(variant: MatmulVariant, rows: number, width: number, random: Random): KernelCase {
  const isOdd = variant.name.endsWith("-odd");
  const shape = { rows, columns: 3 * width - (isOdd ? 1 : 0), inner: width - (isOdd ? 1 : 0) };
  const precision = variant.kernel.startsWith("matmul_half") ? "f16" : "f32";
  const [a, b] = [rows * shape.inner, shape.inner * shape.columns].map((count) => {
    const values = normals(random, count);
    return precision === "f16" ? new Float32Array(new Float16Array(values)) : values;
  });
  const described = {
    ...shape,
    form: "nn",
    strides: { a: shape.inner, b: shape.columns, y: shape.columns },
    offsets: { a: 0, b: 0, y: 0 },
    hasBias: false,
    accumulate: false,
    isPadded: true,
    precision,
    output: precision,
  } as const;
  return {
    kernel: variant.kernel,
    shape: `${rows}×${shape.columns}×${shape.inner}`,
    constants: variantConstants(variant, described),
    tensors: [
      productBlock(described),
      a,
      b,
      new Float32Array(rows * shape.columns),
      new Float32Array(shape.columns),
    ],
    uniform: true,
    precision,
    extent: (workgroupSize) => variantGrid(variant, shape, workgroupSize),
    suits: (facts) => variant.suits(described, facts),
    expected: () => new Map([[3, matmulDirect("nn", a, b, shape)]]),
    work: { flops: 2 * rows * shape.columns * shape.inner },
  };
}

/** The first variant of each kernel. */
const KERNELS = MATMUL_VARIANTS.filter(({ kernel }, i) =>
  MATMUL_VARIANTS.findIndex((variant) => variant.kernel === kernel) === i
);

const PLAIN_CASES: readonly CaseMaker[] = KERNELS.map(
  (variant) => ({ rows, width }, random) => product(variant, rows, width, random),
);

/** The same, as the first product of an MLP that takes GELU along. */
function withGelu(variant: MatmulVariant): CaseMaker {
  return ({ rows, width }, random) => {
    const plain = product(variant, rows, width, random);
    return {
      ...plain,
      kernel: variant.geluKernel!,
      constants: { ...plain.constants, ...activationConstants({ form: "gelu-tanh", pass: "forward" }) },
      tensors: [...plain.tensors, new Float32Array(plain.tensors[3].length)],
      expected: () => {
        const y = plain.expected().get(3)!;
        return new Map([[3, y], [5, geluForward(Float64Array.from(y))]]);
      },
    };
  };
}

export const MATMUL_CASES: readonly CaseMaker[] = [
  ...PLAIN_CASES,
  ...KERNELS.filter(({ geluKernel }) => geluKernel !== undefined).map(withGelu),
];
