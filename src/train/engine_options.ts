/** What a training engine is asked for, and what it says after a step. */
import { assert } from "../base/assert.ts";
import type { Log } from "../base/log.ts";
import type { Precision, PrecisionChoice } from "../gpu/mod.ts";
import type { ModelConfig, TuneOptions } from "../model/mod.ts";
import type { AdamWOptions } from "../optim/adamw.ts";
import type { LambOptions } from "../optim/lamb.ts";
import type { EngineShape, MemoryBounds } from "./engine_memory.ts";
import type { LossScaleOptions } from "./loss_scale.ts";
import type { OptimiserOptions } from "./update_plan.ts";

export interface TrainEngineOptions {
  /** Windows a step, B. */
  readonly batchSize: number;
  /** Hyperparameters of the inner optimiser, which is AdamW unless `lamb` is given. */
  readonly adamw: AdamWOptions;
  readonly lamb?: LambOptions;
  /**
   * Passes a step, each over batchSize / microBatches windows; by default as few as let the adapter bind the tensors of one,
   * which is nearly always 1. Their gradients are summed, so a step is the same but for the order of its additions, and takes
   * the memory of one pass.
   */
  readonly microBatches?: number;
  /**
   * f32 by default. f16 only where the adapter passes the numerics gate, else f32 after all, with a word in the log; `auto`
   * wants f16 on hardware adapters.
   */
  readonly precision?: PrecisionChoice;
  /** Of f16, where it is not to be the default. */
  readonly lossScale?: Partial<LossScaleOptions>;
  /**
   * "layers" keeps only each layer's input and computes the layer again in the backward pass: the same numbers bit for bit,
   * a third more work, a fraction of the memory. "none" by default.
   */
  readonly recompute?: "none" | "layers";
  readonly bounds?: MemoryBounds;
  /** Measure which kernels are the fastest before training; without, a rule of thumb chooses. */
  readonly tuning?: TuneOptions;
  readonly log?: Log;
}

/** Both may be NaN or infinite; a step whose gradient norm is not finite leaves the parameters as they were. */
export interface StepResult {
  /** Mean next-token loss in nats. */
  readonly loss: number;
  /** Global L2 norm before clipping. */
  readonly gradNorm: number;
  /** What the loss was multiplied by, in f16; 1 in f32. */
  readonly lossScale: number;
}

/** What the options ask for, once the precision is known. */
export function engineShape(
  config: ModelConfig,
  precision: Precision,
  options: Pick<TrainEngineOptions, "batchSize" | "microBatches" | "recompute" | "lamb">,
): EngineShape {
  const { batchSize, microBatches = 1, recompute = "none", lamb } = options;
  for (const count of [batchSize, microBatches, batchSize / microBatches]) {
    assert(
      Number.isSafeInteger(count) && count > 0,
      `batch of ${batchSize} in ${microBatches} micro-batches`,
    );
  }
  const optimiser = lamb === undefined ? "adamw" : "lamb";
  return { config, batchSize, microBatches, precision, recompute, optimiser };
}

export function optimiserOf({ adamw, lamb }: Pick<TrainEngineOptions, "adamw" | "lamb">): OptimiserOptions {
  return lamb === undefined ? { kind: "adamw", options: adamw } : { kind: "lamb", options: lamb };
}
