/**
 * How pseudo-gradients travel, step by step, and what follows from it for the outer optimiser.
 *
 * Sparse is SparseLoCo (Sarfi et al. 2025, arXiv 2508.15706): error feedback and plain outer SGD of rate 1, because a momentum
 * of its own would count twice what error feedback already carries from round to round. It decays, for a stale residual
 * points where the model no longer is. Its first steps are dense, as warm-up is in Deep Gradient Compression (Lin et al.
 * 2018, arXiv 1712.01887): at the start all elements move far, and 64 of 4096 a member come after them only slowly.
 * i4 keeps the preset's outer optimiser and feeds everything back: its residual is a rounding, not a backlog.
 */
import type { NesterovOptions } from "../optim/nesterov.ts";

export type CodecName = "f32" | "f16" | "u8" | "i4" | "sparse";

export interface ExchangePlan {
  readonly codec: CodecName;
  /** Share of what was left out that is tried again in the next round; null: it is lost. */
  readonly feedbackDecay: number | null;
  /** Contributions longer than the median are scaled down to it. */
  readonly clip: boolean;
  /** Null: the preset's. */
  readonly outer: NesterovOptions | null;
  /** Outer steps from the start that are exchanged as by `WARM_UP_CODEC`, with the preset's outer optimiser. */
  readonly denseSteps: number;
}

export const DEFAULT_CODEC: CodecName = "u8";
/** Of dense steps. */
export const WARM_UP_CODEC: CodecName = DEFAULT_CODEC;

const WITH_PRESET = { feedbackDecay: null, clip: false, outer: null, denseSteps: 0 };

export const EXCHANGES: Readonly<Record<CodecName, ExchangePlan>> = {
  f32: { ...WITH_PRESET, codec: "f32" },
  f16: { ...WITH_PRESET, codec: "f16" },
  u8: { ...WITH_PRESET, codec: "u8" },
  i4: { ...WITH_PRESET, codec: "i4", feedbackDecay: 1 },
  sparse: {
    codec: "sparse",
    feedbackDecay: 0.95,
    clip: true,
    outer: { learningRate: 1, momentum: 0 },
    denseSteps: 10,
  },
};

/** One outer step's exchange. */
export interface StepExchange {
  readonly codec: CodecName;
  readonly feedbackDecay: number | null;
  readonly clip: boolean;
  readonly outer: NesterovOptions;
}

/** @param outerStep the step that is made, counted from 1 */
export function exchangeAt(
  { exchange, training }: {
    exchange: ExchangePlan;
    training: { outerLearningRate: number; outerMomentum: number };
  },
  outerStep: number,
): StepExchange {
  const plan = outerStep > exchange.denseSteps ? exchange : EXCHANGES[WARM_UP_CODEC];
  const { codec, feedbackDecay, clip } = plan;
  const preset = { learningRate: training.outerLearningRate, momentum: training.outerMomentum };
  return { codec, feedbackDecay, clip, outer: plan.outer ?? preset };
}
