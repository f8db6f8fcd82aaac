/** Layer normalisation, forward and backward. */
import { layernormBackward } from "../src/reference/layernorm_backward.ts";
import { layernormForward } from "../src/reference/layernorm_forward.ts";
import { layernormParametersBackward } from "../src/reference/layernorm_parameters_backward.ts";
import { residualLayernormForward } from "../src/reference/residual_layernorm_forward.ts";
import type { Random } from "../src/base/random.ts";
import { bytesOf, type CaseMaker, normals, type Size } from "./kernel_case.ts";

function inputs({ tokens: rows, width }: Size, random: Random) {
  const [x, dy] = [normals(random, rows * width), normals(random, rows * width)];
  const [gain, bias] = [normals(random, width), normals(random, width)];
  const statistics = Float32Array.from(layernormForward(x, gain, bias, width).statistics);
  return {
    x,
    dy,
    gain,
    bias,
    statistics,
    shape: `${rows}×${width}`,
    constants: { ROWS: rows, WIDTH: width },
  };
}

export const LAYERNORM_CASES: readonly CaseMaker[] = [
  (size, random) => {
    const { x, gain, bias, statistics, shape, constants } = inputs(size, random);
    return {
      kernel: "layernorm_forward",
      shape,
      constants,
      tensors: [x, gain, bias, new Float32Array(x.length), new Float32Array(statistics.length)],
      extent: size.tokens,
      expected: () => {
        const { y, statistics } = layernormForward(x, gain, bias, size.width);
        return new Map([[3, y], [4, statistics]]);
      },
      work: bytesOf(x, x, statistics),
    };
  },
  (size, random) => {
    const { x, dy: branch, gain, bias, statistics, shape, constants } = inputs(size, random);
    return {
      kernel: "residual_layernorm_forward",
      shape,
      constants,
      tensors: [x, branch, gain, bias, ...[x, x, statistics].map(({ length }) => new Float32Array(length))],
      extent: size.tokens,
      expected: () => {
        const { sum, y, statistics } = residualLayernormForward(x, branch, gain, bias, size.width);
        return new Map([[4, sum], [5, y], [6, statistics]]);
      },
      work: bytesOf(x, x, x, x, statistics),
    };
  },
  (size, random) => {
    const { x, dy, gain, statistics, shape, constants } = inputs(size, random);
    return {
      kernel: "layernorm_backward",
      shape,
      constants: { ...constants, ACCUMULATE: 0 },
      tensors: [dy, x, gain, statistics, new Float32Array(x.length)],
      extent: size.tokens,
      expected: () => new Map([[4, layernormBackward(dy, x, gain, statistics, size.width)]]),
      work: bytesOf(dy, x, x),
    };
  },
  (size, random) => {
    const { x, dy, statistics, shape, constants } = inputs(size, random);
    return {
      kernel: "layernorm_parameters_backward",
      shape,
      constants,
      tensors: [dy, x, statistics, new Float32Array(size.width), new Float32Array(size.width)],
      extent: size.width,
      expected: () => {
        const { dgain, dbias } = layernormParametersBackward(dy, x, statistics, size.width);
        return new Map([[3, dgain], [4, dbias]]);
      },
      work: bytesOf(dy, x, statistics),
    };
  },
];
