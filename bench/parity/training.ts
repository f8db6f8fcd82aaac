/**
 * One training that two implementations run: what both must agree on (the plan), and our side of it. Initial parameters,
 * pages and their order come from Skein; the other side gets them as bytes (export.ts) and has no part in making them. The
 * digests tell whether a recorded curve was made from the same bytes.
 */
import { concatBytes, sha256Sync, toHex } from "../../src/base/bytes.ts";
import type { Corpus } from "../../src/data/corpus.ts";
import { batchFor, joinBatches, validationBatches } from "../../src/data/pages.ts";
import { initialParameters, type ModelConfig, parameterLayout } from "../../src/model/mod.ts";
import type { AdamWOptions } from "../../src/optim/adamw.ts";
import { warmupCosine } from "../../src/optim/schedule.ts";
import type { TrainEngine } from "../../src/train/engine.ts";

export interface TrainingPlan {
  readonly name: string;
  readonly model: ModelConfig;
  readonly adamw: AdamWOptions;
  /** Warm-up, then flat: the inner schedule of a run. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly batchSize: number;
  readonly steps: number;
  /** Held-out windows; they are evaluated before the first step and after each `validateEvery`. */
  readonly validationSequences: number;
  readonly validateEvery: number;
  /** Of initial parameters and pages. */
  readonly seed: number;
}

/** SHA-256 in hex of the bytes that a training starts from. */
export interface PlanDigests {
  readonly parameters: string;
  /** Of the tokens of all steps, u32. */
  readonly batches: string;
  readonly validation: string;
}

export interface Curve {
  readonly plan: TrainingPlan;
  readonly digests: PlanDigests;
  /** Mean next-token loss in nats of each step's batch, before its update. */
  readonly trainLosses: readonly number[];
  /** Of step 0, validateEvery, 2 · validateEvery, … */
  readonly validationLosses: readonly number[];
}

export interface PlanBytes {
  /** In the order of the layout, without the gaps. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** [steps · batchSize, contextLength + 1] */
  readonly batches: Uint32Array<ArrayBuffer>;
  /** [n · batchSize, contextLength + 1] */
  readonly validation: Uint32Array<ArrayBuffer>;
}

export function planBytes(plan: TrainingPlan, corpus: Corpus): PlanBytes {
  const { batchSize, seed, model: { contextLength } } = plan;
  const padded = initialParameters(plan.model, seed);
  const { entries, parameterCount } = parameterLayout(plan.model);
  const parameters = new Float32Array(parameterCount);
  let at = 0;
  for (const { offset, elementCount } of entries) {
    parameters.set(padded.subarray(offset, offset + elementCount), at);
    at += elementCount;
  }
  const pages = { seed, outerStep: 1, uid: 0, batchSize, contextLength, corpus };
  const batches = Array.from({ length: plan.steps }, (_, innerStep) => batchFor({ ...pages, innerStep }));
  const validation = validationBatches(corpus, plan.validationSequences, batchSize, contextLength)
    .filter((batch) => batch.length === batchSize * (contextLength + 1));
  return { parameters, batches: joinBatches(batches), validation: joinBatches(validation) };
}

export function digestsOf({ parameters, batches, validation }: PlanBytes): PlanDigests {
  const digest = (values: Float32Array | Uint32Array) =>
    toHex(sha256Sync(concatBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))));
  return {
    parameters: digest(parameters),
    batches: digest(batches),
    validation: digest(validation),
  };
}

/**
 * Our side. The engine must have been made for the plan's model, batch and AdamW.
 * @param steps how far to go, at most the plan's
 */
export async function trainOurs(
  engine: TrainEngine,
  plan: TrainingPlan,
  bytes: PlanBytes,
  steps: number,
  onValidation: (step: number, trainLoss: number, validationLoss: number) => void = () => {},
): Promise<Curve> {
  engine.loadParameters(initialParameters(plan.model, plan.seed));
  const learningRate = warmupCosine({
    peakLearningRate: plan.learningRate,
    warmupSteps: plan.warmupSteps,
    totalSteps: Infinity,
    finalShare: 1,
  });
  const batchElements = plan.batchSize * (plan.model.contextLength + 1);
  const trainLosses: number[] = [];
  const validationLosses = [await engine.evaluate(bytes.validation)];
  for (let step = 0; step < steps; step++) {
    const tokens = bytes.batches.subarray(step * batchElements, (step + 1) * batchElements);
    const { loss } = await engine.trainStep(tokens, learningRate(step));
    trainLosses.push(loss);
    if ((step + 1) % plan.validateEvery !== 0) continue;
    validationLosses.push(await engine.evaluate(bytes.validation));
    onValidation(step + 1, loss, validationLosses.at(-1)!);
  }
  return { plan, digests: digestsOf(bytes), trainLosses, validationLosses };
}
