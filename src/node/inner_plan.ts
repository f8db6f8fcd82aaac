/** The pages and the schedule of one miner at one outer step: the same for the miner and for whoever replays it. */
import type { Corpus } from "../data/corpus.ts";
import { batchFor } from "../data/pages.ts";
import { warmupCosine } from "../optim/schedule.ts";
import type { InnerPlan } from "../train/inner_steps.ts";
import type { Run } from "./run_config.ts";

export function innerPlan(
  run: Run,
  corpus: Corpus,
  at: { anchor: Float32Array; outerStep: number; uid: number },
): InnerPlan {
  const { training, model } = run.config;
  return {
    anchor: at.anchor,
    waypointSteps: training.waypointSteps,
    learningRate: warmupCosine({
      peakLearningRate: training.innerLearningRate,
      warmupSteps: training.warmupSteps,
      totalSteps: Infinity,
      finalShare: 1,
    }),
    batch: (innerStep) =>
      batchFor({
        seed: run.seed,
        outerStep: at.outerStep,
        uid: at.uid,
        innerStep,
        batchSize: training.batchSize,
        contextLength: model.contextLength,
        corpus,
      }),
  };
}
