/** From gradients to the next masters, range by range of the flat vector: AdamW, or LAMB where it is asked for. */
import { assert } from "../base/assert.ts";
import type { DispatchPlan } from "../gpu/mod.ts";
import type { AdamWOptions } from "../optim/adamw.ts";
import { LAMB_BLOCK, type LambOptions } from "../optim/lamb.ts";
import type { EngineMemory } from "./engine_memory.ts";

export type OptimiserOptions =
  | { readonly kind: "adamw"; readonly options: AdamWOptions }
  | { readonly kind: "lamb"; readonly options: LambOptions };

/** Above any finite f32 norm that matters, below overflow: no clipping. */
const NO_CLIP = 3e38;

/** Needs the step's statistics and schedule. @returns plan */
export function addUpdate(
  plan: DispatchPlan,
  optimiser: OptimiserOptions,
  memory: EngineMemory,
): DispatchPlan {
  return optimiser.kind === "adamw"
    ? addAdamw(plan, optimiser.options, memory)
    : addLamb(plan, optimiser.options, memory);
}

function addAdamw(plan: DispatchPlan, options: AdamWOptions, memory: EngineMemory): DispatchPlan {
  const { statistics, schedule } = memory;
  for (const { count, decayCount, gradients, masters, m, v } of rangesOf(memory)) {
    plan.add(
      "adamw",
      { ...momentConstants(options), COUNT: count, DECAY_COUNT: decayCount },
      [gradients, statistics.whole(), schedule.whole(), masters, m, v],
      count,
    );
  }
  return plan;
}

function addLamb(plan: DispatchPlan, options: LambOptions, memory: EngineMemory): DispatchPlan {
  const { statistics, schedule, lamb, layout } = memory;
  assert(lamb !== undefined, "lamb: its memory was laid out");
  const [norms, spans, ratios, tensorOf] = [lamb.norms, lamb.spans, lamb.ratios, lamb.tensorOf].map((
    buffer,
  ) => buffer.whole());
  const ranges = rangesOf(memory);
  for (const { offset, count, decayCount, gradients, masters, m, v } of ranges) {
    plan.add(
      "lamb_moments",
      {
        ...momentConstants(options),
        COUNT: count,
        DECAY_COUNT: decayCount,
        FIRST_BLOCK: offset / LAMB_BLOCK,
      },
      [gradients, statistics.whole(), schedule.whole(), masters, m, v, norms],
      Math.ceil(count / LAMB_BLOCK) * plan.workgroupSize,
    );
  }
  const tensors = layout.entries.length;
  const ratioConstants = { TENSORS: tensors, MAX_RATIO: options.maxTrustRatio };
  plan.add("lamb_ratios", ratioConstants, [norms, spans, ratios], tensors * plan.workgroupSize);
  for (const { offset, count, decayCount, masters, m, v } of ranges) {
    plan.add(
      "lamb_update",
      {
        COUNT: count,
        DECAY_COUNT: decayCount,
        FIRST_BLOCK: offset / LAMB_BLOCK,
        EPSILON: options.epsilon,
        WEIGHT_DECAY: options.weightDecay,
      },
      [statistics.whole(), schedule.whole(), m, v, ratios, tensorOf, masters],
      count,
    );
  }
  return plan;
}

function momentConstants({ beta1, beta2, epsilon, weightDecay, maxGradNorm }: AdamWOptions) {
  return {
    BETA1: beta1,
    BETA2: beta2,
    EPSILON: epsilon,
    WEIGHT_DECAY: weightDecay,
    MAX_NORM: Math.min(maxGradNorm, NO_CLIP),
  };
}

/** The ranges of all vectors that an update touches, side by side. */
function rangesOf({ layout, ...memory }: EngineMemory) {
  const [masters, m, v] = [memory.masters, memory.m, memory.v].map((store) => store.ranges());
  return memory.gradients.ranges().map(({ offset, elementCount, binding }, i) => ({
    offset,
    count: elementCount,
    decayCount: Math.min(elementCount, Math.max(0, layout.decayElementCount - offset)),
    gradients: binding,
    masters: masters[i].binding,
    m: m[i].binding,
    v: v[i].binding,
  }));
}
