/** Shapes of models. One table of presets; everything else about a model follows from its config. */
import { modelError } from "./errors.ts";

export interface ModelConfig {
  readonly family: "gpt2";
  readonly vocabSize: number;
  /** Tokens a sequence, T. */
  readonly contextLength: number;
  readonly layerCount: number;
  readonly headCount: number;
  /** Width of the residual stream, C; a multiple of headCount. */
  readonly width: number;
}

/** The attention kernels keep a head's row in registers. */
export const MAX_HEAD_SIZE = 128;

export const MODEL_PRESETS = {
  /** About 0.12 M parameters: software adapters and tests. */
  pico: { family: "gpt2", vocabSize: 256, contextLength: 64, layerCount: 2, headCount: 4, width: 64 },
  /** About 0.84 M parameters: a small GPU, minutes. */
  nano: { family: "gpt2", vocabSize: 256, contextLength: 128, layerCount: 4, headCount: 4, width: 128 },
  /** The shape of the published gpt2 checkpoint, 124 M parameters. */
  "gpt2-124m": {
    family: "gpt2",
    vocabSize: 50257,
    contextLength: 1024,
    layerCount: 12,
    headCount: 12,
    width: 768,
  },
} as const satisfies Record<string, ModelConfig>;

export type ModelPreset = keyof typeof MODEL_PRESETS;

/** @throws `model/bad-config` */
export function checkModelConfig(config: ModelConfig): void {
  for (const field of ["vocabSize", "contextLength", "layerCount", "headCount", "width"] as const) {
    const value = config[field];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw modelError(
        "model/bad-config",
        `build a model: ${field} is ${value}, a positive integer is required`,
        {
          field,
          value,
        },
      );
    }
  }
  const headSize = config.width / config.headCount;
  if (!Number.isInteger(headSize) || headSize > MAX_HEAD_SIZE) {
    throw modelError(
      "model/bad-config",
      `build a model: width ${config.width} over ${config.headCount} heads gives heads of ${headSize}, ` +
        `a whole number up to ${MAX_HEAD_SIZE} is required`,
      { field: "width", value: config.width },
    );
  }
}
