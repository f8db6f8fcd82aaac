/**
 * Final projection and loss in one: logits = finalNormed·Wᵀ, loss = cross-entropy with the targets, and the gradients of
 * both, block of rows by block of rows (head_tiles.ts), so that the logits of a batch are never allocated. W [V, C] is the
 * token embedding where the head is tied to it, else a matrix of its own; it may lie in several shards.
 *   each block:  each tile: logits = finalNormed·Wᵀ, running log-sum-exp → losses
 *                each tile: dlogits in place, dnormed += dlogits·W, dW += dlogitsᵀ·finalNormed
 */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";
import { headTiles, tileOffset, tileStride } from "./head_tiles.ts";
import { matmulNN, matmulNT, matmulTN } from "./matmul.ts";
import { headName, type Pass } from "./pass.ts";

/** Invocations that share a row: a block has fewer rows than a large GPU runs workgroups, so each should have many. */
const ROW_WORKGROUP = 256;

/** Rows of a part of the vocabulary: W's, its gradient's, and their logits for the rows of a block. */
interface Tile {
  readonly firstToken: number;
  readonly columns: number;
  /** Elements from one row of the logits to the next. */
  readonly stride: number;
  readonly weight: Binding;
  readonly dweight: Binding;
  readonly logits: Binding;
}

/** A block's part of everything. */
interface Block {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly tiles: readonly Tile[];
  /** [rowCount, C] */
  readonly normed: Binding;
  readonly dnormed: Binding;
  /** [rowCount] */
  readonly targets: Binding;
  readonly logSumExp: Binding;
  readonly losses: Binding;
}

/** From finalNormed [N, C] to losses [N], zero where not counted. */
export function headForward(plan: DispatchPlan, pass: Pass): void {
  for (const block of blocksOf(pass)) blockForward(plan, pass, block);
}

/** To losses as `headForward`, to dnormed [N, C], overwritten, and to W's gradient: those of Σ losses · scaling. */
export function headBackward(plan: DispatchPlan, pass: Pass): void {
  const { config: { width }, activations: act } = pass;
  for (const block of blocksOf(pass)) {
    const { firstRow, rowCount, targets, logSumExp, normed, dnormed } = block;
    blockForward(plan, pass, block);
    block.tiles.forEach(({ firstToken, columns, stride, weight, dweight, logits }, index) => {
      plan.add(
        "cross_entropy_backward",
        { ROWS: rowCount, COLUMNS: columns, STRIDE: stride, FIRST_TOKEN: firstToken },
        [logits, targets, logSumExp, act.scaling.whole()],
        [Math.ceil(columns / (16 * plan.workgroupSize)), rowCount],
      );
      matmulNN(plan, { rows: rowCount, columns: width, inner: columns }, logits, weight, dnormed, {
        accumulate: index > 0,
        strides: { a: stride },
      });
      matmulTN(plan, { rows: columns, columns: width, inner: rowCount }, logits, normed, dweight, {
        accumulate: pass.accumulate || firstRow > 0,
        strides: { a: stride },
      });
    });
  }
}

/** Logits of the block, tile by tile, into their buffer; to losses of its rows. */
function blockForward(plan: DispatchPlan, pass: Pass, { rowCount, tiles, ...block }: Block): void {
  const { config: { width }, headLimits: { rowForm } } = pass;
  tiles.forEach(({ firstToken, columns, stride, weight, logits }, index) => {
    matmulNT(plan, { rows: rowCount, columns, inner: width }, block.normed, weight, logits, {
      strides: { y: stride },
    });
    plan.add(
      rowForm === "invocation" ? "cross_entropy_forward" : "cross_entropy_forward_group",
      {
        ROWS: rowCount,
        COLUMNS: columns,
        STRIDE: stride,
        FIRST_TOKEN: firstToken,
        IS_FIRST: index === 0 ? 1 : 0,
        IS_LAST: index === tiles.length - 1 ? 1 : 0,
        ...(rowForm === "invocation" ? {} : { WORKGROUP: ROW_WORKGROUP }),
      },
      [logits, block.targets, block.logSumExp, block.losses],
      rowForm === "invocation" ? rowCount : [rowCount, 1],
    );
  });
}

function blocksOf({ config, rows, activations: act, headLimits, parameters, gradients }: Pass): Block[] {
  const { vocabSize, width } = config;
  const cut = headTiles({ rows, vocabSize, width }, headLimits);
  const weights = parameters.shards(headName(config), cut.maxColumns);
  const dweights = gradients.shards(headName(config), cut.maxColumns);
  return cut.blocks.map(({ firstRow, rowCount }) => ({
    firstRow,
    rowCount,
    tiles: weights.map(({ firstRow: firstToken, rowCount: columns, binding: weight }, index) => {
      const stride = tileStride(columns);
      const logits = act.logits.slice(tileOffset(cut, firstToken, index), rowCount * stride);
      return { firstToken, columns, stride, weight, dweight: dweights[index].binding, logits };
    }),
    normed: act.finalNormed.slice(firstRow * width, rowCount * width),
    dnormed: act.dnormed.slice(firstRow * width, rowCount * width),
    targets: act.targets.slice(firstRow, rowCount),
    logSumExp: act.headLogSumExp.slice(firstRow, rowCount),
    losses: act.losses.slice(firstRow, rowCount),
  }));
}
