/** The two kernels that the others are set against, measured as they are: how far a case's own overhead goes. */
import { ceilingCopy } from "../src/reference/ceiling_copy.ts";
import { ceilingFma } from "../src/reference/ceiling_fma.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

const FMA_STEPS = 64;

export const CEILING_CASES: readonly CaseMaker[] = [
  ({ tokens, width }) => {
    const count = tokens * width / 24;
    return {
      kernel: "ceiling_fma",
      shape: `${count}`,
      constants: { COUNT: count, STEPS: FMA_STEPS },
      tensors: [new Float32Array(count)],
      extent: count,
      expected: () => new Map([[0, ceilingFma(count, FMA_STEPS)]]),
      work: { flops: 2 * 4 * 12 * FMA_STEPS * count },
    };
  },
  ({ tokens, width }, random) => {
    const source = normals(random, 4 * tokens * width);
    const result = new Float32Array(source.length);
    return {
      kernel: "ceiling_copy",
      shape: `${source.length}`,
      constants: { COUNT: source.length / 4 },
      tensors: [source, result],
      extent: source.length / 4,
      expected: () => new Map([[1, ceilingCopy(source)]]),
      work: bytesOf(source, result),
    };
  },
];
