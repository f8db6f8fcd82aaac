/** What only Llama has: root-mean-square normalisation, rotary positions, the gated activation. Bound by bytes. */
import type { Random } from "../src/base/random.ts";
import { residualRmsnormForward } from "../src/reference/residual_rmsnorm_forward.ts";
import { rmsnormBackward } from "../src/reference/rmsnorm_backward.ts";
import { rmsnormForward } from "../src/reference/rmsnorm_forward.ts";
import { rmsnormGainBackward } from "../src/reference/rmsnorm_gain_backward.ts";
import { rope } from "../src/reference/rope.ts";
import { swigluBackward } from "../src/reference/swiglu_backward.ts";
import { swigluForward } from "../src/reference/swiglu_forward.ts";
import { bytesOf, type CaseMaker, normals, type Size } from "./kernel_case.ts";

function normInputs({ tokens: rows, width }: Size, random: Random) {
  const [x, dy] = [normals(random, rows * width), normals(random, rows * width)];
  const gain = normals(random, width);
  const rstd = Float32Array.from(rmsnormForward(x, gain, width).rstd);
  return { x, dy, gain, rstd, shape: `${rows}×${width}`, constants: { ROWS: rows, WIDTH: width } };
}

export const LLAMA_CASES: readonly CaseMaker[] = [
  (size, random) => {
    const { x, gain, rstd, shape, constants } = normInputs(size, random);
    return {
      kernel: "rmsnorm_forward",
      shape,
      constants,
      tensors: [x, gain, new Float32Array(x.length), new Float32Array(rstd.length)],
      extent: size.tokens,
      expected: () => {
        const { y, rstd } = rmsnormForward(x, gain, size.width);
        return new Map([[2, y], [3, rstd]]);
      },
      work: bytesOf(x, x, rstd),
    };
  },
  (size, random) => {
    const { x, dy: branch, gain, rstd, shape, constants } = normInputs(size, random);
    return {
      kernel: "residual_rmsnorm_forward",
      shape,
      constants,
      tensors: [x, branch, gain, ...[x, x, rstd].map(({ length }) => new Float32Array(length))],
      extent: size.tokens,
      expected: () => {
        const { sum, y, rstd } = residualRmsnormForward(x, branch, gain, size.width);
        return new Map([[3, sum], [4, y], [5, rstd]]);
      },
      work: bytesOf(x, x, x, x, rstd),
    };
  },
  (size, random) => {
    const { x, dy, gain, rstd, shape, constants } = normInputs(size, random);
    return {
      kernel: "rmsnorm_backward",
      shape,
      constants,
      tensors: [dy, x, gain, rstd, new Float32Array(x.length)],
      extent: size.tokens,
      expected: () => new Map([[4, rmsnormBackward(dy, x, gain, rstd, size.width)]]),
      work: bytesOf(dy, x, x),
    };
  },
  (size, random) => {
    const { x, dy, rstd, shape, constants } = normInputs(size, random);
    return {
      kernel: "rmsnorm_gain_backward",
      shape,
      constants,
      tensors: [dy, x, rstd, new Float32Array(size.width)],
      extent: size.width,
      expected: () => new Map([[3, rmsnormGainBackward(dy, x, rstd, size.width)]]),
      work: bytesOf(dy, x, rstd),
    };
  },
  ({ tokens: context, heads, width }, random) => {
    const headSize = width / heads;
    const x = normals(random, context * width);
    const table = normals(random, context * headSize);
    return {
      kernel: "rope",
      shape: `${context}×${heads}×${headSize}`,
      constants: { ROWS: context, CONTEXT: context, HEADS: heads, HEAD_SIZE: headSize },
      tensors: [x, table],
      extent: context * width / 2,
      expected: () => new Map([[0, rope(x, table, { context, heads, headSize })]]),
      work: bytesOf(x, x, table),
    };
  },
  ({ tokens, width }, random) => {
    const count = tokens * 4 * width;
    const [gate, up] = [normals(random, count), normals(random, count)];
    return {
      kernel: "swiglu_forward",
      shape: `${tokens}×${4 * width}`,
      constants: { COUNT: count },
      tensors: [gate, up, new Float32Array(count)],
      extent: count,
      expected: () => new Map([[2, swigluForward(gate, up)]]),
      work: bytesOf(gate, up, gate),
    };
  },
  ({ tokens, width }, random) => {
    const count = tokens * 4 * width;
    const [gate, up, dy] = [0, 0, 0].map(() => normals(random, count));
    return {
      kernel: "swiglu_backward",
      shape: `${tokens}×${4 * width}`,
      constants: { COUNT: count },
      tensors: [gate, up, dy, new Float32Array(count)],
      extent: count,
      expected: () => {
        const { dgate, dup } = swigluBackward(gate, up, dy);
        return new Map([[2, dgate], [3, dup]]);
      },
      work: bytesOf(gate, up, dy, gate, up),
    };
  },
];
