import type { Values } from "./values.ts";

/** The target of a row that does not count. */
export const NOT_COUNTED = 0xffffffff;

export interface VocabularyTile {
  readonly columns: number;
  readonly firstToken: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Running state of the rows, [rows] each; `losses` holds the target's logit until the last tile. */
export interface CrossEntropyRows {
  readonly logSumExp: Values;
  readonly losses: Values;
}

/** Twin of kernels/cross_entropy_forward.wgsl: logits [rows, columns], targets [rows]; updates `at` in place. */
export function crossEntropyForward(
  logits: Values,
  targets: Uint32Array,
  { columns, firstToken, isFirst, isLast }: VocabularyTile,
  at: CrossEntropyRows,
): void {
  for (let row = 0; row < targets.length; row++) {
    const own = logits.subarray(row * columns, (row + 1) * columns);
    let largest = isFirst ? -Infinity : at.logSumExp[row];
    for (const logit of own) largest = Math.max(largest, logit);
    let sum = isFirst ? 0 : Math.exp(at.logSumExp[row] - largest);
    for (const logit of own) sum += Math.exp(logit - largest);
    at.logSumExp[row] = Math.log(sum) + largest;
    const column = targets[row] - firstToken;
    const chosen = column >= 0 && column < columns ? own[column] : isFirst ? 0 : at.losses[row];
    if (!isLast) at.losses[row] = chosen;
    else at.losses[row] = targets[row] === NOT_COUNTED ? 0 : at.logSumExp[row] - chosen;
  }
}

/** All of a vocabulary in one tile → losses [rows] and logSumExp [rows]. */
export function crossEntropyLosses(logits: Values, targets: Uint32Array, vocabulary: number) {
  const at = { logSumExp: new Float64Array(targets.length), losses: new Float64Array(targets.length) };
  crossEntropyForward(
    logits,
    targets,
    { columns: vocabulary, firstToken: 0, isFirst: true, isLast: true },
    at,
  );
  return at;
}
