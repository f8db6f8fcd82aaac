/**
 * Text from a model, token by token: a token is drawn from the softmax of its logits over the temperature, among the topK
 * likeliest; temperature 0 takes the likeliest. The same seed gives the same tokens on one adapter; another adapter's rounding may
 * turn a draw.
 */
import { assert } from "../base/assert.ts";
import { Random } from "../base/random.ts";
import type { LogitsEngine } from "./logits.ts";

export interface SamplingOptions {
  /** 0 and above. */
  readonly temperature: number;
  /** From 1; the whole vocabulary where it is as large. */
  readonly topK: number;
  readonly seed: number;
}

/**
 * The tokens after `prompt`, without end. Past the engine's context the model sees the last tokens that fit.
 * @param engine of one sequence, with parameters loaded
 * @param prompt one token at least
 * @throws `model/bad-tokens`
 */
export async function* generate(
  engine: LogitsEngine,
  prompt: readonly number[],
  options: SamplingOptions,
): AsyncGenerator<number> {
  const { contextLength, batchSize } = engine;
  assert(batchSize === 1 && prompt.length > 0, "generation goes on with one sequence of one token at least");
  const random = new Random(options.seed);
  let tokens = [...prompt];
  for (;;) {
    tokens = tokens.slice(-contextLength);
    // What stands behind the last token does not reach its logits: attention is causal.
    const window = new Uint32Array(contextLength);
    window.set(tokens);
    const token = drawToken(await logitsAt(engine, window, tokens.length - 1), options, random);
    tokens.push(token);
    yield token;
  }
}

/** @param logits [V] */
export function drawToken(
  logits: Float32Array,
  { temperature, topK }: Omit<SamplingOptions, "seed">,
  random: Random,
): number {
  assert(temperature >= 0 && topK >= 1, `temperature ${temperature}, top ${topK}`);
  const order = Uint32Array.from(logits, (_, token) => token).sort((a, b) => logits[b] - logits[a] || a - b);
  if (temperature === 0) return order[0];
  const candidates = order.subarray(0, topK);
  const shares = Float64Array.from(
    candidates,
    (token) => Math.exp((logits[token] - logits[order[0]]) / temperature),
  );
  let left = random.nextFloat() * shares.reduce((sum, share) => sum + share, 0);
  const at = shares.findIndex((share) => (left -= share) < 0);
  return candidates[at < 0 ? candidates.length - 1 : at];
}

async function logitsAt(engine: LogitsEngine, window: Uint32Array, row: number): Promise<Float32Array> {
  const { vocabSize } = engine.config;
  for await (const { firstRow, logits } of engine.logits(window, [row])) {
    return logits.subarray((row - firstRow) * vocabSize, (row - firstRow + 1) * vocabSize);
  }
  throw new Error(`no logits of row ${row}`);
}
