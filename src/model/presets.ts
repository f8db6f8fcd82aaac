/** One table of the models that a run can choose by name. */
import { gpt2Config, llamaConfig, type ModelConfig } from "./config.ts";

export const MODEL_PRESETS = {
  /** About 0.12 M parameters: software adapters and tests. */
  pico: gpt2Config({ vocabSize: 256, contextLength: 64, layerCount: 2, headCount: 4, width: 64 }),
  /** About 0.84 M parameters: a small GPU, minutes. */
  nano: gpt2Config({ vocabSize: 256, contextLength: 128, layerCount: 4, headCount: 4, width: 128 }),
  /** The shape of the published gpt2 checkpoint, 124 M parameters. */
  "gpt2-124m": gpt2Config({
    vocabSize: 50257,
    contextLength: 1024,
    layerCount: 12,
    headCount: 12,
    width: 768,
  }),
  /** The shape of the published gpt2-medium, 355 M parameters. */
  "gpt2-355m": gpt2Config({
    vocabSize: 50257,
    contextLength: 1024,
    layerCount: 24,
    headCount: 16,
    width: 1024,
  }),
  /** Pico as a Llama, about 0.12 M parameters: software adapters and tests. */
  "llama-pico": llamaConfig({
    vocabSize: 256,
    contextLength: 64,
    layerCount: 2,
    headCount: 4,
    keyValueHeadCount: 2,
    width: 64,
    innerWidth: 176,
  }),
  /** 150 M parameters, with Llama 2's vocabulary. */
  "llama-150m": llamaConfig({
    vocabSize: 32000,
    contextLength: 1024,
    layerCount: 16,
    headCount: 12,
    keyValueHeadCount: 4,
    width: 768,
    innerWidth: 2048,
  }),
  /** The shape of the published TinyLlama 1.1B. */
  "llama-1b": llamaConfig({
    vocabSize: 32000,
    contextLength: 2048,
    layerCount: 22,
    headCount: 32,
    keyValueHeadCount: 4,
    width: 2048,
    innerWidth: 5632,
  }),
} as const satisfies Record<string, ModelConfig>;

export type ModelPreset = keyof typeof MODEL_PRESETS;
