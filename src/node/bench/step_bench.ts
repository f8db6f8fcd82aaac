/**
 * `skein bench step`: a whole training step of a preset on random tokens. Verified first: the loss must fall along its own
 * gradient by as much as the gradient says, which forward and backward can only do together. Then steps are timed as
 * a miner runs them: with kernels tuned where a miner tunes them, the next submitted before the last has been read.
 */
import { join } from "node:path";
import { Random } from "../../base/random.ts";
import type { Gpu } from "../../gpu/mod.ts";
import { initialParameters, type ModelConfig, type TuneOptions } from "../../model/mod.ts";
import { type AdamWOptions, TrainEngine } from "../../train/engine.ts";
import { dataDirectory } from "../home.ts";
import { openTuning, type TuningChoice } from "../kernel_tuning.ts";
import { assertDivides } from "../micro_batches.ts";
import { type ProfileReport, ProfileSession, type ProfileSessionDependencies } from "../profile_session.ts";
import {
  type BenchDependencies,
  type BenchRoom,
  type BenchSubject,
  demandAgreement,
  inBenchRoom,
  modelOf,
  type ShapeOptions,
} from "./bench_room.ts";

export interface StepBenchOptions extends ShapeOptions {
  readonly steps: number;
  /** Compute each layer again in the backward pass instead of holding it. */
  readonly recompute: boolean;
  /** Passes a step; by default as few as the adapter can bind. */
  readonly microBatches?: number;
  /** As a miner is told. */
  readonly tuning: TuningChoice;
  /** Where tunings are kept; by default local/bench in the data directory. */
  readonly home?: string;
  /** Time kernels in further steps; with a path, write a trace of them. */
  readonly profile?: { readonly tracePath?: string };
}

/** Of the classes of matrix products, all measured, some (time was up, or none computed right), or all by the rule of thumb. */
export type KernelTuning = "full" | "partial" | "none";

export interface StepBenchResult extends BenchSubject {
  readonly bench: "step";
  readonly preset: string;
  readonly parameters: number;
  readonly batchSize: number;
  readonly contextLength: number;
  readonly recompute: boolean;
  readonly microBatches: number;
  readonly kernelTuning: KernelTuning;
  readonly steps: number;
  readonly dispatches: number;
  readonly deviceBytes: number;
  /** |Δloss along the gradient ÷ what the gradient says − 1| */
  readonly gradientError: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly secondsPerStep: number;
  readonly tokensPerSec: number;
  /** Operations that the ops of the step declare: matrix products and attention. */
  readonly flopsPerStep: number;
  readonly flopsPerSec: number;
  /** Of fused multiply-adds in f32, in which kernels compute in either precision. */
  readonly ceilingShare: number;
  /** Of as many steps more, when it was asked for. */
  readonly profile?: ProfileReport;
}

const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const LEARNING_RATE = 1e-3;
const SEED = 1;
const WARM_UP_STEPS = 3;
/**
 * How far the loss is moved for the check, in nats. Curvature cancels in a central difference; what is left grows with the square
 * of the distance (pico: 0.0009 here, 0.014 at 0.02 nats), and rounding of the losses with its inverse.
 */
const PROBE_NATS = 0.005;
const MAX_GRADIENT_ERROR = { f32: 0.005, f16: 0.03 } as const;

export type StepBenchDependencies = BenchDependencies & ProfileSessionDependencies;

export async function benchStep(
  options: StepBenchOptions,
  deps: StepBenchDependencies,
): Promise<StepBenchResult> {
  const config = modelOf(options);
  const { batchSize, preset, steps, recompute, microBatches } = options;
  if (microBatches !== undefined) assertDivides(microBatches, batchSize);
  return await inBenchRoom(options.precision, deps, async (room) => {
    const { precision } = room.subject;
    const home = options.home ?? join(dataDirectory(), "local", "bench");
    const tuning = await openTuning(room.gpu, home, options.tuning, deps);
    const engine = await TrainEngine.create(room.gpu, config, {
      batchSize,
      adamw: ADAMW,
      precision,
      recompute: recompute ? "layers" : "none",
      microBatches,
      tuning,
      log: deps.log,
    });
    try {
      const tokens = randomTokens(config, batchSize);
      const gradientError = await checkGradient(engine, config, tokens);
      demandAgreement(`the gradient of ${preset}`, gradientError, MAX_GRADIENT_ERROR[precision]);
      engine.loadParameters(initialParameters(config, SEED));
      const flopsPerStep = await declaredOperations(room, engine, tokens, deps);
      const { seconds, firstLoss, lastLoss } = await timeSteps(engine, tokens, steps, deps);
      const profile = await profileSteps(room, engine, tokens, options, deps);
      const flopsPerSec = flopsPerStep / seconds;
      return {
        bench: "step",
        ...room.subject,
        preset,
        parameters: engine.layout.parameterCount,
        batchSize,
        contextLength: config.contextLength,
        recompute,
        microBatches: engine.microBatches,
        kernelTuning: extentOf(tuning, room.gpu),
        steps,
        dispatches: engine.dispatchCount,
        deviceBytes: engine.heldBytes,
        gradientError,
        firstLoss,
        lastLoss,
        secondsPerStep: seconds,
        tokensPerSec: batchSize * config.contextLength / seconds,
        flopsPerStep,
        flopsPerSec,
        ceilingShare: flopsPerSec / room.subject.ceilings.flopsPerSec.f32,
        profile,
      };
    } finally {
      await engine.destroy();
    }
  });
}

function extentOf(tuning: TuneOptions | undefined, gpu: Gpu): KernelTuning {
  if (tuning === undefined) return "none";
  return gpu.tuning.open.length === 0 ? "full" : "partial";
}

function randomTokens({ vocabSize, contextLength }: ModelConfig, batchSize: number): Uint32Array {
  const random = new Random(SEED);
  return Uint32Array.from({ length: batchSize * (contextLength + 1) }, () => random.nextBelow(vocabSize));
}

/** Central difference of the loss along the gradient, against the gradient's own square. */
async function checkGradient(engine: TrainEngine, config: ModelConfig, tokens: Uint32Array): Promise<number> {
  const parameters = initialParameters(config, SEED);
  engine.loadParameters(parameters);
  const { gradients } = await engine.evaluateGradients(tokens);
  const square = gradients.reduce((sum, value) => sum + value * value, 0);
  const distance = PROBE_NATS / square;
  const lossAt = (sign: number) => {
    engine.loadParameters(parameters.map((value, i) => value + sign * distance * gradients[i]));
    return engine.evaluate(tokens);
  };
  const difference = await lossAt(1) - await lossAt(-1);
  return Math.abs(difference / (2 * PROBE_NATS) - 1);
}

async function declaredOperations(
  { gpu }: BenchRoom,
  engine: TrainEngine,
  tokens: Uint32Array,
  { clock }: BenchDependencies,
): Promise<number> {
  const profile = gpu.startProfile(clock);
  await engine.trainStep(tokens, LEARNING_RATE);
  const { rows } = await profile.take();
  gpu.stopProfile();
  return rows.reduce((sum, { flops }) => sum + flops, 0);
}

async function timeSteps(
  engine: TrainEngine,
  tokens: Uint32Array,
  steps: number,
  { clock }: BenchDependencies,
): Promise<{ seconds: number; firstLoss: number; lastLoss: number }> {
  for (let i = 1; i < WARM_UP_STEPS; i++) await engine.trainStep(tokens, LEARNING_RATE);
  const startMs = clock.monotonicMs();
  // The engine itself holds back who is more than it can take ahead.
  const results = await Promise.all(
    Array.from({ length: steps }, () => engine.trainStep(tokens, LEARNING_RATE)),
  );
  const seconds = (clock.monotonicMs() - startMs) / 1000 / steps;
  return { seconds, firstLoss: results[0].loss, lastLoss: results[steps - 1].loss };
}

async function profileSteps(
  { gpu, subject }: BenchRoom,
  engine: TrainEngine,
  tokens: Uint32Array,
  { steps, profile }: StepBenchOptions,
  deps: StepBenchDependencies,
): Promise<ProfileReport | undefined> {
  if (profile === undefined) return undefined;
  const session = await ProfileSession.start(gpu, { ...profile, ceilings: subject.ceilings }, deps);
  try {
    for (let i = 0; i < steps; i++) {
      await engine.trainStep(tokens, LEARNING_RATE);
      session.stepped();
    }
    return await session.report();
  } finally {
    await session.end();
  }
}
