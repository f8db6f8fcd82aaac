/** What a training engine submits, recorded once: the passes of the model, the statistics of a step, and its update. */
import type { DispatchPlan, Gpu } from "../gpu/mod.ts";
import { buildBackward, buildLosses, buildTrunk } from "../model/mod.ts";
import type { AdamWOptions } from "../optim/adamw.ts";
import type { EngineMemory, EngineShape } from "./engine_memory.ts";
import { addLossScale, type LossScaleOptions } from "./loss_scale.ts";

export interface EnginePlans {
  /** Tokens to the head's input. */
  readonly forward: DispatchPlan;
  /** To the losses alone. */
  readonly losses: DispatchPlan;
  /** To the losses and all gradients. */
  readonly backward: DispatchPlan;
  /** Losses and gradients to mean loss and norm. */
  readonly measure: DispatchPlan;
  /** To the next masters. */
  readonly update: DispatchPlan;
  /** To the next loss scale; empty in f32. */
  readonly rescale: DispatchPlan;
  /** From the masters to what the passes read; empty in f32. */
  readonly refresh: DispatchPlan;
}

/** Above any finite f32 norm that matters, below overflow: no clipping. */
const NO_CLIP = 3e38;

export function recordPlans(
  gpu: Gpu,
  { config, batchSize, precision }: EngineShape,
  { adamw, lossScale }: { adamw: AdamWOptions; lossScale: LossScaleOptions },
  memory: EngineMemory,
): EnginePlans {
  const [forward, losses, backward] = [0, 0, 0].map(() => gpu.plan(precision));
  buildTrunk(forward, config, batchSize, memory);
  buildLosses(losses, config, batchSize, memory);
  buildBackward(backward, config, batchSize, memory);
  const rows = batchSize * config.contextLength;
  const rescale = gpu.plan();
  if (precision === "f16") addLossScale(rescale, lossScale, memory);
  return {
    forward,
    losses,
    backward,
    measure: measurePlan(gpu.plan(), rows, memory),
    update: updatePlan(gpu.plan(), adamw, memory),
    rescale,
    refresh: refreshPlan(gpu.plan(precision), memory),
  };
}

function measurePlan(plan: DispatchPlan, rows: number, memory: EngineMemory): DispatchPlan {
  const { gradients, partials, partialCount, activations: act, statistics } = memory;
  const ranges = gradients.ranges();
  ranges.forEach(({ elementCount, binding }, i) =>
    plan.add(
      "squared_norm",
      { COUNT: elementCount, PARTIALS: partialCount },
      [binding, partials.slice(i * partialCount, partialCount)],
      partialCount,
    )
  );
  return plan.add(
    "step_statistics",
    { ROWS: rows, PARTIALS: partialCount * ranges.length },
    [act.losses.whole(), partials.whole(), act.scaling.whole(), statistics.whole()],
    1,
  );
}

function updatePlan(plan: DispatchPlan, adamw: AdamWOptions, memory: EngineMemory): DispatchPlan {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = adamw;
  const [parameters, m, v] = [memory.masters, memory.m, memory.v].map((store) => store.ranges());
  const [statistics, schedule] = [memory.statistics.whole(), memory.schedule.whole()];
  memory.gradients.ranges().forEach(({ offset, elementCount, binding }, i) =>
    plan.add(
      "adamw",
      {
        COUNT: elementCount,
        DECAY_COUNT: Math.min(elementCount, Math.max(0, memory.layout.decayElementCount - offset)),
        BETA1: beta1,
        BETA2: beta2,
        EPSILON: epsilon,
        WEIGHT_DECAY: weightDecay,
        MAX_NORM: Math.min(maxGradNorm, NO_CLIP),
      },
      [binding, statistics, schedule, parameters[i].binding, m[i].binding, v[i].binding],
      elementCount,
    )
  );
  return plan;
}

function refreshPlan(plan: DispatchPlan, { masters, parameters }: EngineMemory): DispatchPlan {
  if (parameters === masters) return plan;
  const copies = parameters.ranges();
  masters.ranges().forEach(({ elementCount, binding }, i) =>
    plan.add("cast_parameters", { COUNT: elementCount }, [binding, copies[i].binding], elementCount)
  );
  return plan;
}
