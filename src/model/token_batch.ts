/** From token windows to what the kernels read. */
import type { ModelConfig } from "./config.ts";
import { modelError } from "./errors.ts";

/** The target of a row that has nothing to predict: its loss is zero, and it does not count in the mean. */
export const NOT_COUNTED = 0xffffffff;

export interface TokenBatch {
  /** [N] the tokens the model sees, and the next ones it has to predict */
  readonly inputs: Uint32Array;
  readonly targets: Uint32Array;
  /** Targets that count. */
  readonly countedRows: number;
}

/**
 * Splits `windows` [windowCount, contextLength + 1] into inputs and targets, each [windowCount, contextLength]. A window may
 * end in NOT_COUNTED instead of tokens: targets that do not count, and inputs that nothing before them sees.
 * @throws `model/bad-tokens` on a wrong size, a token outside the vocabulary, or nothing that counts
 */
export function splitTokens(windows: Uint32Array, config: ModelConfig, windowCount: number): TokenBatch {
  const { contextLength, vocabSize } = config;
  const required = windowCount * (contextLength + 1);
  if (windows.length !== required) {
    throw modelError(
      "model/bad-tokens",
      `read a batch: ${windows.length} tokens, ${windowCount} windows of ${contextLength + 1} are required`,
      { found: windows.length, required },
    );
  }
  const inputs = new Uint32Array(windowCount * contextLength);
  const targets = new Uint32Array(windowCount * contextLength);
  let countedRows = 0;
  for (let at = 0; at < windows.length; at++) {
    const window = Math.floor(at / (contextLength + 1));
    const column = at % (contextLength + 1);
    const isOver = windows[at] === NOT_COUNTED;
    const isToken = windows[at] < vocabSize && !(column > 0 && windows[at - 1] === NOT_COUNTED);
    if (!isOver && !isToken) throw badToken(windows[at], vocabSize);
    const row = window * contextLength + column;
    if (column < contextLength) inputs[row] = isOver ? 0 : windows[at];
    if (column > 0) targets[row - 1] = windows[at];
    if (column > 0 && !isOver) countedRows++;
  }
  if (countedRows === 0) throw badToken(NOT_COUNTED, vocabSize);
  return { inputs, targets, countedRows };
}

function badToken(found: number, required: number) {
  return modelError(
    "model/bad-tokens",
    `read a batch: token ${found}, tokens below the vocabulary's size ${required} are required, ` +
      `${NOT_COUNTED} only at the end of a window that has others`,
    { found, required },
  );
}

/**
 * Counting sort of the rows by token, stable: token v owns positions[starts[v] .. starts[v + 1]).
 * What lets embedding_backward sum without atomics. Writes into the given arrays, [N] and [V + 1].
 */
export function sortTokens(inputs: Uint32Array, positions: Uint32Array, starts: Uint32Array): void {
  starts.fill(0);
  for (const token of inputs) starts[token + 1]++;
  for (let v = 1; v < starts.length; v++) starts[v] += starts[v - 1];
  const next = starts.slice(0, starts.length - 1);
  for (let row = 0; row < inputs.length; row++) positions[next[inputs[row]]++] = row;
}
