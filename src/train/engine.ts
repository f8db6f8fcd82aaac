/**
 * One model on one GPU: parameters, moments, and the plans of a training step. All buffers are allocated by `create`; a
 * step uploads tokens and a few numbers, submits one command buffer and reads two numbers back. The host waits for those
 * only when it is two steps ahead of the device: writes, submits and copies are queued in the order of the calls.
 * Cost of a step, at least: 6 FLOP a parameter a token (2 forward, 4 backward), plus 12·C·T·L a token for attention. For
 * pico at batch 8 that is 0.36 GFLOP: 45 ms at the 8 GFLOP/s that two cores of llvmpipe reach, plus about 12 ms in which
 * Deno polls for the read-back.
 */
import { assert } from "../base/assert.ts";
import type { Log } from "../base/log.ts";
import {
  type BufferArena,
  choosePrecision,
  type Gpu,
  type Precision,
  type PrecisionChoice,
} from "../gpu/mod.ts";
import { type ModelConfig, modelError, type ParameterLayout, sortTokens, splitTokens } from "../model/mod.ts";
import { type AdamWOptions, biasCorrections } from "../optim/adamw.ts";
import { type EngineMemory, layOutMemory, type MemoryKind } from "./engine_memory.ts";
import { type EnginePlans, recordPlans } from "./engine_plans.ts";
import { defaultLossScale, initialScaling, type LossScaleOptions } from "./loss_scale.ts";
import { WorkQueue } from "./work_queue.ts";

export type { AdamWOptions } from "../optim/adamw.ts";

export interface TrainEngineOptions {
  /** Windows a step, B. */
  readonly batchSize: number;
  readonly adamw: AdamWOptions;
  /**
   * f32 by default. f16 only where the adapter passes the numerics gate, else f32 after all, with a word in the log; `auto`
   * wants f16 on hardware adapters.
   */
  readonly precision?: PrecisionChoice;
  /** Of f16, where it is not to be the default. */
  readonly lossScale?: Partial<LossScaleOptions>;
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

export class TrainEngine {
  readonly config: ModelConfig;
  readonly batchSize: number;
  /** In which activations are stored; parameters, gradients and moments are f32 in either. */
  readonly precision: Precision;
  #gpu: Gpu;
  #adamw: AdamWOptions;
  #lossScale: LossScaleOptions;
  #arenas = new Map<MemoryKind, BufferArena>();
  #memory: EngineMemory;
  #plans: EnginePlans;
  #positions: Uint32Array<ArrayBuffer>;
  #starts: Uint32Array<ArrayBuffer>;
  #step = 0;
  #queue = new WorkQueue();

  private constructor(
    gpu: Gpu,
    config: ModelConfig,
    precision: Precision,
    { batchSize, adamw, lossScale: wanted }: TrainEngineOptions,
  ) {
    assert(Number.isSafeInteger(batchSize) && batchSize > 0, `batch size ${batchSize}`);
    this.#gpu = gpu;
    this.config = config;
    this.batchSize = batchSize;
    this.precision = precision;
    this.#adamw = adamw;
    const lossScale = { ...defaultLossScale(batchSize * config.contextLength, config.vocabSize), ...wanted };
    this.#lossScale = lossScale;
    const shape = { config, batchSize, precision };
    const adapter = { limits: gpu.limits, isSoftware: gpu.backendKind === "software" };
    this.#memory = layOutMemory(shape, adapter, (kind) => this.#arena(kind));
    this.#plans = recordPlans(gpu, shape, { adamw, lossScale }, this.#memory);
    gpu.write(this.#memory.activations.scaling, initialScaling(precision, lossScale), 4);
    this.#positions = new Uint32Array(batchSize * config.contextLength);
    this.#starts = new Uint32Array(config.vocabSize + 1);
  }

  /**
   * Allocates and compiles. Parameters start as zeros: call `loadParameters`.
   * @throws `model/bad-config`, `gpu/too-large`, `gpu/fault`
   */
  static async create(gpu: Gpu, config: ModelConfig, options: TrainEngineOptions): Promise<TrainEngine> {
    const precision = await choosePrecision(gpu, options.precision ?? "f32", options.log);
    const engine = new TrainEngine(gpu, config, precision, options);
    try {
      await gpu.read(engine.#memory.statistics.whole()); // Faults of allocation or compilation surface here.
    } catch (error) {
      engine.destroy();
      throw error;
    }
    return engine;
  }

  get layout(): ParameterLayout {
    return this.#memory.layout;
  }

  /** Steps submitted since the last `loadParameters`. */
  get step(): number {
    return this.#step;
  }

  /**
   * Replaces the parameters and forgets AdamW's moments and step count, so that a replay from the same parameters over the
   * same batches gives the same numbers. Takes its turn behind calls that have not been submitted yet.
   * @throws `model/bad-parameters`
   */
  loadParameters(parameters: Float32Array): void {
    const required = this.layout.elementCount;
    if (parameters.length !== required) {
      throw modelError(
        "model/bad-parameters",
        `load parameters: ${parameters.length} elements, ${required} are required by the model's shape`,
        { elements: parameters.length, required },
      );
    }
    this.#queue.now(() => {
      this.#memory.masters.write(this.#gpu, parameters);
      this.#gpu.submit(this.#plans.refresh);
      this.#gpu.write(this.#memory.activations.scaling, initialScaling(this.precision, this.#lossScale), 4);
      this.#memory.m.clear(this.#gpu);
      this.#memory.v.clear(this.#gpu);
      this.#step = 0;
    });
  }

  /** A copy of the parameters, [layout.elementCount]. */
  readParameters(): Promise<Float32Array<ArrayBuffer>> {
    return this.#queue.alone(() => this.#memory.masters.read(this.#gpu));
  }

  /**
   * One AdamW step on `tokens` [batchSize, contextLength + 1]. The next may be called before this one has resolved: the
   * device then never waits for the host.
   * @throws `model/bad-tokens`, `gpu/device-lost`, `gpu/fault`
   */
  trainStep(tokens: Uint32Array, learningRate: number): Promise<StepResult> {
    return this.#queue.ahead(() => {
      this.#uploadTokens(tokens);
      this.#step++;
      this.#gpu.write(
        this.#memory.schedule,
        new Float32Array([learningRate, ...biasCorrections(this.#adamw, this.#step)]),
      );
      const { forward, backward, measure, update, rescale, refresh } = this.#plans;
      this.#gpu.submit(forward, backward, measure, update, rescale, refresh);
      return this.#readStatistics();
    });
  }

  /**
   * Mean next-token loss in nats of the present parameters over `tokens` [n·batchSize, contextLength + 1], n ≥ 1.
   * @throws `model/bad-tokens`
   */
  async evaluate(tokens: Uint32Array): Promise<number> {
    const batchElements = this.batchSize * (this.config.contextLength + 1);
    const batchCount = tokens.length / batchElements;
    if (!Number.isInteger(batchCount) || batchCount === 0) {
      throw modelError(
        "model/bad-tokens",
        `evaluate: ${tokens.length} tokens, a positive multiple of ${batchElements} is required`,
        { found: tokens.length, required: batchElements },
      );
    }
    const sums = [];
    for (let batch = 0; batch < batchCount; batch++) {
      sums.push(this.#queue.ahead(async () => {
        this.#uploadTokens(tokens.subarray(batch * batchElements, (batch + 1) * batchElements));
        this.#gpu.submit(this.#plans.forward, this.#plans.losses);
        const losses = await this.#gpu.readF32(this.#memory.activations.losses.slice(0, this.#rows));
        return losses.reduce((total, loss) => total + loss, 0) / losses.length;
      }));
    }
    return (await Promise.all(sums)).reduce((sum, loss) => sum + loss, 0) / batchCount;
  }

  /**
   * Loss and raw gradients [layout.elementCount], without an update. In f16 a loss scale at which they overflow is halved
   * until they do not.
   */
  evaluateGradients(tokens: Uint32Array): Promise<{ loss: number; gradients: Float32Array<ArrayBuffer> }> {
    return this.#queue.alone(async () => {
      this.#uploadTokens(tokens);
      const { forward, backward, measure, rescale } = this.#plans;
      for (;;) {
        this.#gpu.submit(forward, backward, measure);
        const { loss, gradNorm, lossScale } = await this.#readStatistics();
        if (Number.isFinite(gradNorm) || lossScale <= this.#lossScale.minScale) {
          const gradients = await this.#memory.gradients.read(this.#gpu);
          return {
            loss,
            gradients: lossScale === 1 ? gradients : gradients.map((value) => value / lossScale),
          };
        }
        this.#gpu.submit(rescale);
      }
    });
  }

  /** Dispatches a training step. */
  get dispatchCount(): number {
    const { forward, backward, measure, update, rescale, refresh } = this.#plans;
    return [forward, backward, measure, update, rescale, refresh].reduce((sum, plan) => sum + plan.length, 0);
  }

  /** Bytes of device memory held. */
  get heldBytes(): number {
    return [...this.#arenas.values()].reduce((sum, arena) => sum + arena.heldBytes, 0);
  }

  /** Frees the device memory; the Gpu stays open. */
  destroy(): void {
    for (const arena of this.#arenas.values()) arena.destroy();
  }

  get #rows(): number {
    return this.batchSize * this.config.contextLength;
  }

  #arena(kind: MemoryKind): BufferArena {
    const arena = this.#arenas.get(kind) ?? this.#gpu.arena(`engine ${kind}`);
    this.#arenas.set(kind, arena);
    return arena;
  }

  #uploadTokens(tokens: Uint32Array): void {
    const { inputs, targets } = splitTokens(tokens, this.config, this.batchSize);
    sortTokens(inputs, this.#positions, this.#starts);
    const { activations: act } = this.#memory;
    this.#gpu.write(act.tokens, inputs);
    this.#gpu.write(act.targets, targets);
    this.#gpu.write(act.positions, this.#positions);
    this.#gpu.write(act.starts, this.#starts);
    this.#gpu.write(act.scaling, Float32Array.of(1 / this.#rows));
  }

  async #readStatistics(): Promise<StepResult> {
    const [loss, gradNorm, lossScale] = await this.#gpu.readF32(this.#memory.statistics.slice(0, 3));
    return { loss, gradNorm, lossScale };
  }
}
