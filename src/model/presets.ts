/** One table of the models that a run can choose by name. */
import { gpt2Config, type ModelConfig } from "./config.ts";

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
} as const satisfies Record<string, ModelConfig>;

export type ModelPreset = keyof typeof MODEL_PRESETS;
