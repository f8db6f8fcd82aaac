/**
 * Tensors that lie one behind another in one buffer, each where a binding may start: Llama's queries, keys and values, and the
 * gate and up of its MLP. GPT-2 has each as columns of one matrix instead, as its parameters are.
 *   N rows, H query heads, Hkv heads of keys and values, D head size, I width inside the MLP
 */
import type { Binding, GpuBuffer } from "../gpu/mod.ts";
import type { ModelConfig } from "./config.ts";

/** 256 bytes in f16. */
const ALIGNMENT_ELEMENTS = 128;

const aligned = (elements: number) => Math.ceil(elements / ALIGNMENT_ELEMENTS) * ALIGNMENT_ELEMENTS;

/** Elements of a layer's queries, keys and values. */
export function qkvElements(config: ModelConfig, rows: number): number {
  const { family, headCount, keyValueHeadCount, headSize } = config;
  const [queries, keys] = [rows * headCount * headSize, rows * keyValueHeadCount * headSize];
  return family === "gpt2" ? queries + 2 * keys : aligned(queries) + aligned(keys) + keys;
}

/** Elements of what the MLP's first projections give. */
export function hiddenElements({ family, innerWidth }: ModelConfig, rows: number): number {
  return family === "gpt2" ? rows * innerWidth : aligned(rows * innerWidth) + rows * innerWidth;
}

/** [N, H·D], [N, Hkv·D], [N, Hkv·D] */
export function qkvRegions(
  buffer: GpuBuffer,
  { headCount, keyValueHeadCount, headSize }: ModelConfig,
  rows: number,
): { queries: Binding; keys: Binding; values: Binding } {
  const [queries, keys] = [rows * headCount * headSize, rows * keyValueHeadCount * headSize];
  return {
    queries: buffer.slice(0, queries),
    keys: buffer.slice(aligned(queries), keys),
    values: buffer.slice(aligned(queries) + aligned(keys), keys),
  };
}

/** [N, I] each */
export function hiddenRegions(
  buffer: GpuBuffer,
  { innerWidth }: ModelConfig,
  rows: number,
): { gate: Binding; up: Binding } {
  const count = rows * innerWidth;
  return { gate: buffer.slice(0, count), up: buffer.slice(aligned(count), count) };
}
