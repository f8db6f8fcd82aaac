/** The three products of a linear layer, here GPT-2's query-key-value projection: 2·rows·columns·inner operations. */
import type { Random } from "../src/base/random.ts";
import { matmulConstants, matmulGrid, type MatmulShape } from "../src/model/matmul.ts";
import { matmulNN } from "../src/reference/matmul_nn.ts";
import { matmulNT } from "../src/reference/matmul_nt.ts";
import { matmulTN } from "../src/reference/matmul_tn.ts";
import type { Values } from "../src/reference/values.ts";
import { type CaseMaker, type KernelCase, normals } from "./kernel_case.ts";

type Twin = (a: Values, b: Values, shape: MatmulShape) => Float64Array;

function product(form: "nn" | "nt" | "tn", twin: Twin, shape: MatmulShape, random: Random): KernelCase {
  const { rows, columns, inner } = shape;
  const [a, b] = [normals(random, rows * inner), normals(random, inner * columns)];
  const bias = new Float32Array(columns);
  return {
    kernel: `matmul_${form}`,
    shape: `${rows}×${columns}×${inner}`,
    constants: matmulConstants(form, shape, { bias }),
    tensors: [a, b, new Float32Array(rows * columns), bias],
    extent: (workgroupSize) => matmulGrid(shape, workgroupSize),
    expected: () => new Map([[2, twin(a, b, shape)]]),
    work: { flops: 2 * rows * columns * inner },
  };
}

export const MATMUL_CASES: readonly CaseMaker[] = [
  ({ rows, width }, random) => product("nn", matmulNN, { rows, columns: 3 * width, inner: width }, random),
  ({ rows, width }, random) => product("nt", matmulNT, { rows, columns: width, inner: 3 * width }, random),
  ({ rows, width }, random) =>
    product("tn", matmulTN, { rows: width, columns: 3 * width, inner: rows }, random),
];
