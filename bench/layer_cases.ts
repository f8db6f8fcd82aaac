/** Embedding, normalisation, GELU, residual and loss: bound by bytes, each tensor counted once. */
import { sortTokens } from "../src/model/mod.ts";
import { biasBackward } from "../src/reference/bias_backward.ts";
import { embeddingBackward } from "../src/reference/embedding_backward.ts";
import { embeddingForward } from "../src/reference/embedding_forward.ts";
import { geluBackward } from "../src/reference/gelu_backward.ts";
import { geluForward } from "../src/reference/gelu_forward.ts";
import { positionEmbeddingBackward } from "../src/reference/position_embedding_backward.ts";
import { residualForward } from "../src/reference/residual_forward.ts";
import { below } from "../test/kernels/kernel_harness.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

export const LAYER_CASES: readonly CaseMaker[] = [
  ({ tokens: rows, embeddingRows, width }, random) => {
    const tokens = below(random, rows, embeddingRows);
    const [wte, wpe] = [normals(random, embeddingRows * width), normals(random, rows * width)];
    const x = new Float32Array(rows * width);
    return {
      kernel: "embedding_forward",
      shape: `${rows}×${width} of ${embeddingRows}`,
      constants: { ROWS: rows, CONTEXT: rows, WIDTH: width },
      tensors: [tokens, wte, wpe, x],
      extent: rows * width,
      expected: () => new Map([[3, embeddingForward(tokens, wte, wpe, { context: rows, width })]]),
      work: bytesOf(x, wpe, x, tokens), // Of wte only the rows that occur are read: as many as x has.
    };
  },
  ({ tokens: rows, embeddingRows, width }, random) => {
    const tokens = below(random, rows, embeddingRows);
    const [positions, starts] = [new Uint32Array(rows), new Uint32Array(embeddingRows + 1)];
    sortTokens(tokens, positions, starts);
    const [dx, dwte] = [normals(random, rows * width), normals(random, embeddingRows * width)];
    return {
      kernel: "embedding_backward",
      shape: `${rows}×${width} to ${embeddingRows}`,
      constants: { VOCABULARY: embeddingRows, WIDTH: width },
      tensors: [positions, starts, dx, dwte],
      extent: embeddingRows * width,
      expected: () => {
        const sum = Float64Array.from(dwte);
        embeddingBackward(tokens, dx, sum, width);
        return new Map([[3, sum]]);
      },
      work: bytesOf(dx, dwte, dwte),
    };
  },
  ({ rows: context, width }, random) => {
    const [dx, dwpe] = [normals(random, 4 * context * width), new Float32Array(context * width)];
    return {
      kernel: "position_embedding_backward",
      shape: `4×${context}×${width}`,
      constants: { BATCH: 4, CONTEXT: context, WIDTH: width },
      tensors: [dx, dwpe],
      extent: context * width,
      expected: () => new Map([[1, positionEmbeddingBackward(dx, { context, width })]]),
      work: bytesOf(dx, dwpe),
    };
  },
  ({ tokens, width }, random) => {
    const [x, y] = [normals(random, tokens * 4 * width), new Float32Array(tokens * 4 * width)];
    return {
      kernel: "gelu_forward",
      shape: `${tokens}×${4 * width}`,
      constants: { COUNT: x.length },
      tensors: [x, y],
      extent: x.length,
      expected: () => new Map([[1, geluForward(x)]]),
      work: bytesOf(x, y),
    };
  },
  ({ tokens, width }, random) => {
    const [x, dy] = [normals(random, tokens * 4 * width), normals(random, tokens * 4 * width)];
    return {
      kernel: "gelu_backward",
      shape: `${tokens}×${4 * width}`,
      constants: { COUNT: x.length },
      tensors: [x, dy],
      extent: x.length,
      expected: () => new Map([[1, geluBackward(x, dy)]]),
      work: bytesOf(x, dy, dy),
    };
  },
  ({ tokens, width }, random) => {
    const [x, branch] = [normals(random, tokens * width), normals(random, tokens * width)];
    return {
      kernel: "residual_forward",
      shape: `${tokens}×${width}`,
      constants: { COUNT: x.length },
      tensors: [x, branch, new Float32Array(x.length)],
      extent: x.length,
      expected: () => new Map([[2, residualForward(x, branch)]]),
      work: bytesOf(x, branch, x),
    };
  },
  ({ tokens, width }, random) => {
    const dy = normals(random, tokens * 4 * width);
    return {
      kernel: "bias_backward",
      shape: `${tokens}×${4 * width}`,
      constants: { ROWS: tokens, WIDTH: 4 * width },
      tensors: [dy, new Float32Array(4 * width)],
      extent: 4 * width,
      expected: () => new Map([[1, biasBackward(dy, 4 * width)]]),
      work: bytesOf(dy),
    };
  },
];
