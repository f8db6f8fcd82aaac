/** What a training engine submits, recorded once: the passes of the model, the statistics of a step, and its update. */
import type { DispatchPlan, Gpu } from "../gpu/mod.ts";
import { buildBackward, buildLosses, buildTrunk } from "../model/mod.ts";
import { type EngineMemory, type EngineShape, passWindows } from "./engine_memory.ts";
import { lossScaleConstants, type LossScaleOptions } from "./loss_scale.ts";
import { addUpdate, type OptimiserOptions } from "./update_plan.ts";

const GPU_STATISTICS_WORKGROUP = 256;

export interface EnginePlans {
  /** Tokens to the head's input. */
  readonly forward: DispatchPlan;
  /** To the losses alone. */
  readonly losses: DispatchPlan;
  /** To the losses and all gradients. */
  readonly backward: DispatchPlan;
  /** The same for later micro-batches of a step, adding to the gradients. */
  readonly backwardMore: DispatchPlan;
  /** Losses of a pass that is not its step's last to the loss: the first overwrites, more add. */
  readonly tally: DispatchPlan;
  readonly tallyMore: DispatchPlan;
  /** Losses of the last pass and gradients to mean loss and norm. */
  readonly measure: DispatchPlan;
  /** From the norm to whether the step counts and the next loss scale. */
  readonly outcome: DispatchPlan;
  /** To the next masters. */
  readonly update: DispatchPlan;
  /** From the masters to what the passes read; empty in f32. */
  readonly refresh: DispatchPlan;
}

export function recordPlans(
  gpu: Gpu,
  shape: EngineShape,
  { optimiser, lossScale }: { optimiser: OptimiserOptions; lossScale: LossScaleOptions },
  memory: EngineMemory,
): EnginePlans {
  const { config, precision, microBatches } = shape;
  const windows = passWindows(shape);
  const [forward, losses, backward, backwardMore] = [0, 0, 0, 0].map(() => gpu.plan(precision));
  buildTrunk(forward, config, windows, memory);
  buildLosses(losses, config, windows, memory);
  buildBackward(backward, config, windows, memory);
  if (microBatches > 1) buildBackward(backwardMore, config, windows, memory, true);
  const rows = windows * config.contextLength;
  return {
    forward,
    losses,
    backward,
    backwardMore,
    tally: microBatches > 1 ? addStatistics(gpu.plan(), rows, memory, false) : gpu.plan(),
    tallyMore: microBatches > 2 ? addStatistics(gpu.plan(), rows, memory, true) : gpu.plan(),
    measure: measurePlan(gpu.plan(), rows, memory, microBatches > 1),
    outcome: gpu.plan().add(
      "step_outcome",
      {
        BETA1: optimiser.options.beta1,
        BETA2: optimiser.options.beta2,
        ...lossScaleConstants(precision, lossScale),
      },
      [memory.statistics.whole(), memory.schedule.whole(), memory.activations.scaling.whole()],
      1,
    ),
    update: addUpdate(gpu.plan(), optimiser, memory),
    refresh: refreshPlan(gpu.plan(precision), memory),
  };
}

function measurePlan(
  plan: DispatchPlan,
  rows: number,
  memory: EngineMemory,
  accumulate: boolean,
): DispatchPlan {
  const { gradients, partials, partialCount } = memory;
  const ranges = gradients.ranges();
  ranges.forEach(({ elementCount, binding }, i) =>
    plan.add(
      "squared_norm",
      { COUNT: elementCount, PARTIALS: partialCount },
      [binding, partials.slice(i * partialCount, partialCount)],
      partialCount,
    )
  );
  return addStatistics(plan, rows, memory, accumulate);
}

/** The norm means something only after the last pass of a step, and is read only then. */
function addStatistics(
  plan: DispatchPlan,
  rows: number,
  { gradients, partials, partialCount, activations: act, statistics }: EngineMemory,
  accumulate: boolean,
): DispatchPlan {
  const partialsInAll = partialCount * gradients.ranges().length;
  return plan.add(
    "step_statistics",
    {
      ROWS: rows,
      PARTIALS: partialsInAll,
      ACCUMULATE: accumulate ? 1 : 0,
      // On a GPU the one workgroup there is should be large; on a software adapter each invocation costs.
      ...(plan.adapter.backendKind === "software" ? {} : { WORKGROUP: GPU_STATISTICS_WORKGROUP }),
    },
    [act.losses.whole(), partials.whole(), act.scaling.whole(), statistics.whole()],
    1,
  );
}

function refreshPlan(plan: DispatchPlan, { masters, parameters }: EngineMemory): DispatchPlan {
  if (parameters === masters) return plan;
  const copies = parameters.ranges();
  masters.ranges().forEach(({ elementCount, binding }, i) =>
    plan.add("cast_parameters", { COUNT: elementCount }, [binding, copies[i].binding], elementCount)
  );
  return plan;
}
