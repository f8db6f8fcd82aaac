/**
 * A whole training in one process: members take turns on one engine, each over its own pages, and exchange their
 * pseudo-gradients through the real codec, span plan, reducer and outer step. Only the network is missing.
 */
import { CHUNK_BYTES } from "../src/allreduce/allreduce.ts";
import { chunkElementsFor } from "../src/allreduce/result.ts";
import { planSpans, type SpanPlan } from "../src/allreduce/span_plan.ts";
import type { Codec } from "../src/codec/codec.ts";
import { CpuReducer } from "../src/codec/cpu_reducer.ts";
import { leftOut, withResidual } from "../src/codec/error_feedback.ts";
import type { RobustOptions } from "../src/codec/robust_mean.ts";
import type { Corpus } from "../src/data/corpus.ts";
import { batchFor } from "../src/data/pages.ts";
import { initialParameters } from "../src/model/mod.ts";
import type { NesterovOptions } from "../src/optim/nesterov.ts";
import { warmupCosine } from "../src/optim/schedule.ts";
import type { TrainEngine } from "../src/train/engine.ts";
import { InnerRun } from "../src/train/inner_steps.ts";
import { type OuterState, outerStep } from "../src/train/outer_step.ts";

export interface ExchangeSettings {
  readonly codec: Codec;
  readonly outer: NesterovOptions;
  readonly robust?: RobustOptions;
  /** Undefined: what the codec leaves out is lost. */
  readonly feedbackDecay?: number;
}

export interface TrainingSettings {
  readonly seed: number;
  readonly memberCount: number;
  readonly outerSteps: number;
  /** Where training starts: the untrained model unless given. */
  readonly start?: OuterState;
  readonly innerSteps: number;
  readonly innerLearningRate: number;
  readonly corpus: Corpus;
  /** [n · batchSize, contextLength + 1] */
  readonly validationTokens: Uint32Array;
  onOuterStep?(step: number, validationLoss: number): void;
}

export interface TrainingRecord {
  /** After each outer step; the start's first. */
  readonly validationLosses: readonly number[];
  readonly end: OuterState;
  /** One member's contribution to the last round, and the result of it. */
  readonly contributionBytes: number;
  readonly resultBytes: number;
}

const WARMUP_STEPS = 4;

export async function trainWithExchange(
  engine: TrainEngine,
  settings: TrainingSettings,
  exchange: ExchangeSettings,
): Promise<TrainingRecord> {
  const { memberCount, outerSteps, seed } = settings;
  const { codec } = exchange;
  let state = settings.start ?? untrained(engine, seed);
  const elementCount = state.parameters.length;
  const plan = planSpans(
    elementCount,
    chunkElementsFor(codec, CHUNK_BYTES),
    Array.from({ length: memberCount }, () => 1),
  );
  let residuals = Array.from({ length: memberCount }, () => new Float32Array(elementCount));
  let wire = { contributionBytes: 0, resultBytes: 0 };
  const validationLosses = [await validate(engine, settings, state)];
  for (let round = 1; round <= outerSteps; round++) {
    const step = state.outerStep + 1;
    const values: Float32Array[] = [];
    for (let uid = 0; uid < memberCount; uid++) {
      const delta = await innerSteps(engine, settings, { anchor: state.parameters, outerStep: step, uid });
      values.push(withResidual(residuals[uid], delta, exchange.feedbackDecay ?? 0));
    }
    const { mean, ...bytes } = await exchangeOnce(values, plan, exchange);
    wire = bytes;
    if (exchange.feedbackDecay !== undefined) {
      residuals = values.map((each) => leftOut(codec, each, plan.chunks));
    }
    state = outerStep(state, mean, exchange.outer);
    validationLosses.push(await validate(engine, settings, state));
    settings.onOuterStep?.(step, validationLosses[round]);
  }
  return { validationLosses, end: state, ...wire };
}

function untrained(engine: TrainEngine, seed: number): OuterState {
  const parameters = initialParameters(engine.config, seed);
  return { outerStep: 0, parameters, momentum: new Float32Array(parameters.length) };
}

async function innerSteps(
  engine: TrainEngine,
  settings: TrainingSettings,
  at: { anchor: Float32Array; outerStep: number; uid: number },
): Promise<Float32Array> {
  const { seed, corpus, innerLearningRate } = settings;
  const { batchSize, config: { contextLength } } = engine;
  const run = new InnerRun(engine, {
    anchor: at.anchor,
    batch: (innerStep) => batchFor({ ...at, seed, innerStep, batchSize, contextLength, corpus }),
    learningRate: warmupCosine({
      peakLearningRate: innerLearningRate,
      warmupSteps: WARMUP_STEPS,
      totalSteps: Infinity,
      finalShare: 1,
    }),
    waypointSteps: settings.innerSteps,
  });
  while (run.waypoint === undefined) await run.step();
  return run.waypoint;
}

/** One round without a network: every chunk of every member is encoded, reduced and decoded. */
async function exchangeOnce(values: readonly Float32Array[], plan: SpanPlan, exchange: ExchangeSettings) {
  const { codec, robust } = exchange;
  const reducer = new CpuReducer(codec, robust);
  const mean = new Float32Array(plan.elementCount);
  let contributionBytes = 0;
  let resultBytes = 0;
  for (const { startElement, elements } of plan.chunks) {
    const inputs = values.map((each) => ({
      encoded: codec.encode(each.subarray(startElement, startElement + elements)),
      weight: 1,
    }));
    const result = await reducer.reduce(inputs, elements);
    codec.result.decodeInto(result, mean.subarray(startElement, startElement + elements));
    contributionBytes += inputs[0].encoded.byteLength;
    resultBytes += result.byteLength;
  }
  return { mean, contributionBytes, resultBytes };
}

async function validate(engine: TrainEngine, settings: TrainingSettings, state: OuterState): Promise<number> {
  engine.loadParameters(state.parameters);
  return await engine.evaluate(settings.validationTokens);
}
