/**
 * Angles of rotary positions as the rope kernel reads them, made once in f64: WGSL promises sine and cosine to 2⁻¹¹ only, and
 * only near zero. Llama 3's scaling (transformers, "llama3") divides the frequencies of long waves by `factor`, keeps those of
 * short ones, and goes from one to the other in between.
 */
import type { LlamaConfig, RopeScaling } from "./config.ts";

/** [contextLength, headSize / 2, 2]: cosine and sine for every position and pair. */
export function ropeTable(config: LlamaConfig, contextLength: number): Float32Array<ArrayBuffer> {
  const frequencies = ropeFrequencies(config);
  const table = new Float32Array(contextLength * config.headSize);
  for (let position = 0; position < contextLength; position++) {
    frequencies.forEach((frequency, pair) => {
      const at = position * config.headSize + 2 * pair;
      table[at] = Math.cos(position * frequency);
      table[at + 1] = Math.sin(position * frequency);
    });
  }
  return table;
}

/** Radians a position, for each of the headSize / 2 pairs. */
export function ropeFrequencies({ headSize, ropeTheta, ropeScaling }: LlamaConfig): number[] {
  return Array.from({ length: headSize / 2 }, (_, pair) => {
    const frequency = ropeTheta ** (-2 * pair / headSize);
    return ropeScaling === null ? frequency : scaled(frequency, ropeScaling);
  });
}

function scaled(
  frequency: number,
  { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength }: RopeScaling,
): number {
  const turns = originalContextLength * frequency / (2 * Math.PI);
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const kept = (turns - low) / (high - low);
  return (1 - kept) * frequency / factor + kept * frequency;
}
