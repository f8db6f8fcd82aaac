/** The loss over one tile of the vocabulary, which here is all of it. */
import { crossEntropyBackward } from "../src/reference/cross_entropy_backward.ts";
import { crossEntropyLosses } from "../src/reference/cross_entropy_forward.ts";
import { below } from "../test/kernels/kernel_harness.ts";
import { bytesOf, type CaseMaker, normals } from "./kernel_case.ts";

function forwardCase(
  kernel: "cross_entropy_forward" | "cross_entropy_forward_group",
  isGroup: boolean,
): CaseMaker {
  return ({ lossRows: rows, vocabulary }, random) => {
    const [logits, targets] = [normals(random, rows * vocabulary), below(random, rows, vocabulary)];
    return {
      kernel,
      shape: `${rows}×${vocabulary}`,
      constants: {
        ROWS: rows,
        COLUMNS: vocabulary,
        STRIDE: vocabulary,
        FIRST_TOKEN: 0,
        IS_FIRST: 1,
        IS_LAST: 1,
      },
      tensors: [logits, targets, new Float32Array(rows), new Float32Array(rows)],
      extent: isGroup ? () => [rows, 1] : rows,
      expected: () => {
        const { logSumExp, losses } = crossEntropyLosses(logits, targets, vocabulary);
        return new Map([[2, logSumExp], [3, losses]]);
      },
      work: bytesOf(logits),
    };
  };
}

export const LOSS_CASES: readonly CaseMaker[] = [
  forwardCase("cross_entropy_forward", false),
  forwardCase("cross_entropy_forward_group", true),
  ({ lossRows: rows, vocabulary }, random) => {
    const [logits, targets] = [normals(random, rows * vocabulary), below(random, rows, vocabulary)];
    const logSumExp = Float32Array.from(crossEntropyLosses(logits, targets, vocabulary).logSumExp);
    const tile = { columns: vocabulary, firstToken: 0, scale: 1 / rows };
    return {
      kernel: "cross_entropy_backward",
      shape: `${rows}×${vocabulary}`,
      constants: { ROWS: rows, COLUMNS: vocabulary, STRIDE: vocabulary, FIRST_TOKEN: 0 },
      tensors: [logits, targets, logSumExp, Float32Array.of(1 / rows, 1)],
      extent: (workgroupSize) => [Math.ceil(vocabulary / (16 * workgroupSize)), rows],
      expected: () => new Map([[0, crossEntropyBackward(logits, targets, logSumExp, tile)]]),
      work: bytesOf(logits, logits),
    };
  },
];
