/** The trainings that are compared. Hyperparameters are those of a run of the preset; a recorded curve keeps its own copy. */
import { llamaConfig, MODEL_PRESETS } from "../../src/model/mod.ts";
import { TRAINING_PRESETS } from "../../src/node/run_config.ts";
import type { TrainingPlan } from "./training.ts";

export const PLANS: Readonly<Record<string, TrainingPlan>> = {
  nano: { ...ofPreset("nano"), steps: 2000, validateEvery: 50 },
  pico: { ...ofPreset("pico"), steps: 20, validateEvery: 10 },
  /**
   * Pico as a Llama: heads that share keys and values, an output projection of its own. At pico's rate a step jumps so that
   * PyTorch's own f32 and f64 part by 4e-5; at a third of it they do not.
   */
  llama: {
    ...ofPreset("pico"),
    name: "llama",
    learningRate: 1e-3,
    model: llamaConfig({
      vocabSize: 256,
      contextLength: 64,
      layerCount: 2,
      headCount: 4,
      keyValueHeadCount: 2,
      width: 64,
      innerWidth: 172,
    }),
    steps: 20,
    validateEvery: 10,
  },
};

function ofPreset(name: "nano" | "pico"): Omit<TrainingPlan, "steps" | "validateEvery"> {
  const { batchSize, adamw, innerLearningRate, warmupSteps, validationSequences } = TRAINING_PRESETS[name];
  return {
    name,
    model: MODEL_PRESETS[name],
    adamw,
    learningRate: innerLearningRate,
    warmupSteps,
    batchSize,
    validationSequences,
    seed: 7,
  };
}
