/** From token windows to what the kernels read. */
import type { ModelConfig } from "./config.ts";
import { modelError } from "./errors.ts";

/** The target of a row that has nothing to predict: its loss is zero, and it does not count in the mean. */
export const NOT_COUNTED = 0xffffffff;

export interface TokenBatch {
  /** [N] the tokens the model sees, and the next ones it has to predict */
  readonly inputs: Uint32Array;
  readonly targets: Uint32Array;
}

/**
 * Splits `windows` [batchSize, contextLength + 1] into inputs and targets, each [batchSize, contextLength].
 * @throws `model/bad-tokens` on a wrong size or a token outside the vocabulary
 */
export function splitTokens(windows: Uint32Array, config: ModelConfig, batchSize: number): TokenBatch {
  const { contextLength, vocabSize } = config;
  const required = batchSize * (contextLength + 1);
  if (windows.length !== required) {
    throw modelError(
      "model/bad-tokens",
      `read a batch: ${windows.length} tokens, ${batchSize} windows of ${contextLength + 1} are required`,
      { found: windows.length, required },
    );
  }
  const inputs = new Uint32Array(batchSize * contextLength);
  const targets = new Uint32Array(batchSize * contextLength);
  for (let row = 0; row < batchSize; row++) {
    const from = row * (contextLength + 1);
    inputs.set(windows.subarray(from, from + contextLength), row * contextLength);
    targets.set(windows.subarray(from + 1, from + 1 + contextLength), row * contextLength);
  }
  for (const token of windows) {
    if (token >= vocabSize) {
      throw modelError(
        "model/bad-tokens",
        `read a batch: token ${token}, tokens below the vocabulary's size ${vocabSize} are required`,
        { found: token, required: vocabSize },
      );
    }
  }
  return { inputs, targets };
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
