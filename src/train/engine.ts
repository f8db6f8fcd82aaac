/**
 * One model on one GPU: parameters, moments, and the plans of a training step. All buffers are allocated by `create`; a
 * step uploads tokens and a few numbers, submits a command buffer or two for each of its passes and reads three numbers back.
 * The host waits for those only when it is two steps ahead of the device: writes, submits and copies are queued in the
 * order of the calls.
 * Cost of a step, at least: 6 FLOP a parameter a token (2 forward, 4 backward), plus 12·C·T·L a token for attention. For
 * pico at batch 8 that is 0.36 GFLOP: 45 ms at the 8 GFLOP/s that two cores of llvmpipe reach, plus about 12 ms in which
 * Deno polls for the read-back.
 */
import { choosePrecision, type Gpu, type Precision } from "../gpu/mod.ts";
import {
  type ModelConfig,
  modelError,
  type ParameterLayout,
  sortTokens,
  splitTokens,
  type TokenBatch,
  tuneMatmuls,
  writeConstants,
} from "../model/mod.ts";
import { lambBlocks } from "../optim/lamb.ts";
import { EngineArenas } from "./engine_arenas.ts";
import { adapterShape, type EngineMemory, type EngineShape, passWindows } from "./engine_memory.ts";
import { type EnginePlans, recordPlans } from "./engine_plans.ts";
import { engineShape, optimiserOf, type StepResult, type TrainEngineOptions } from "./engine_options.ts";
import { defaultLossScale, initialScaling, type LossScaleOptions } from "./loss_scale.ts";
import { inPasses } from "./memory_plan.ts";
import type { OptimiserOptions } from "./update_plan.ts";
import { WorkQueue } from "./work_queue.ts";

export type { AdamWOptions } from "../optim/adamw.ts";
export type { StepResult, TrainEngineOptions } from "./engine_options.ts";

export class TrainEngine {
  readonly config: ModelConfig;
  readonly batchSize: number;
  /** In which activations are stored; parameters, gradients and moments are f32 in either. */
  readonly precision: Precision;
  #gpu: Gpu;
  #shape: EngineShape;
  #lossScale: LossScaleOptions;
  #arenas: EngineArenas;
  #memory: EngineMemory;
  #plans: EnginePlans;
  #positions: Uint32Array<ArrayBuffer>;
  #starts: Uint32Array<ArrayBuffer>;
  #step = 0;
  #queue = new WorkQueue();

  private constructor(
    gpu: Gpu,
    shape: EngineShape,
    { optimiser, lossScale }: { optimiser: OptimiserOptions; lossScale: LossScaleOptions },
    { arenas, memory }: { arenas: EngineArenas; memory: EngineMemory },
  ) {
    this.#gpu = gpu;
    this.config = shape.config;
    this.batchSize = shape.batchSize;
    this.precision = shape.precision;
    this.#shape = shape;
    this.#lossScale = lossScale;
    this.#arenas = arenas;
    this.#memory = memory;
    this.#plans = recordPlans(gpu, shape, { optimiser, lossScale }, memory);
    writeConstants(gpu, shape.config, memory.activations);
    gpu.write(memory.activations.scaling, initialScaling(this.precision, lossScale), 4);
    if (memory.lamb !== undefined) {
      const { spans, tensorOf } = lambBlocks(memory.layout.entries, memory.layout.elementCount);
      gpu.write(memory.lamb.spans, spans);
      gpu.write(memory.lamb.tensorOf, tensorOf);
    }
    this.#positions = new Uint32Array(this.#passRows);
    this.#starts = new Uint32Array(this.config.vocabSize + 1);
  }

  /**
   * Allocates and compiles. Parameters start as zeros: call `loadParameters`.
   * @throws `model/bad-config`, `gpu/fault`; `gpu/out-of-memory`, `gpu/too-large` and `train/adapter-too-weak`, which name what would fit
   */
  static async create(gpu: Gpu, config: ModelConfig, options: TrainEngineOptions): Promise<TrainEngine> {
    const precision = await choosePrecision(gpu, options.precision ?? "f32", options.log);
    const adapter = adapterShape(gpu, options.bounds);
    const asked = engineShape(config, precision, options);
    const shape = options.microBatches === undefined ? inPasses(asked, adapter) : asked;
    if (shape !== asked) {
      options.log?.info(
        `${gpu.adapterName} cannot bind the tensors of ${asked.batchSize} windows: a step takes ${shape.microBatches} passes`,
      );
    }
    const optimiser = optimiserOf(options);
    const rows = shape.batchSize * config.contextLength;
    const lossScale = { ...defaultLossScale(rows, config.vocabSize), ...options.lossScale };
    const arenas = new EngineArenas(gpu, adapter);
    try {
      const memory = await arenas.allocate(shape, options.bounds?.totalBytes);
      const engine = new TrainEngine(gpu, shape, { optimiser, lossScale }, { arenas, memory });
      if (options.tuning !== undefined && await tuneMatmuls(gpu, options.tuning)) {
        engine.#plans = recordPlans(gpu, shape, { optimiser, lossScale }, memory);
      }
      await gpu.read(memory.statistics.whole()); // Faults of compilation surface here.
      return engine;
    } catch (error) {
      arenas.destroy();
      throw error;
    }
  }

  get layout(): ParameterLayout {
    return this.#memory.layout;
  }

  /** Passes a step. */
  get microBatches(): number {
    return this.#shape.microBatches;
  }

  /** Steps submitted since the last `loadParameters`, skipped ones too. */
  get step(): number {
    return this.#step;
  }

  /**
   * Replaces the parameters and forgets the optimiser's moments and step count, so that a replay from the same parameters over the
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
      this.#gpu.write(this.#memory.schedule, new Float32Array(5));
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
   * One step of the optimiser on `tokens` [batchSize, contextLength + 1]. A window may end in NOT_COUNTED instead of tokens:
   * nothing is learnt from there. The next step may be called before this one has resolved: the device then never waits
   * for the host.
   * @throws `model/bad-tokens`, `gpu/device-lost`, `gpu/fault`
   */
  trainStep(tokens: Uint32Array, learningRate: number): Promise<StepResult> {
    return this.#queue.ahead(() => {
      const { measure, outcome, update, refresh } = this.#plans;
      this.#submitGradients(tokens);
      this.#step++;
      this.#gpu.write(
        this.#memory.schedule,
        Float32Array.of(learningRate),
      );
      this.#gpu.submit(measure, outcome, update, refresh);
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
    const batch = splitTokens(tokens, this.config, batchCount * this.batchSize);
    const sums = [];
    for (let row = 0; row < batch.inputs.length; row += this.#passRows) {
      sums.push(this.#queue.ahead(async () => {
        this.#upload(batch, row);
        this.#gpu.submit(this.#plans.forward, this.#plans.losses);
        const losses = await this.#gpu.readF32(this.#memory.activations.losses.slice(0, this.#passRows));
        return losses.reduce((total, loss) => total + loss, 0);
      }));
    }
    return (await Promise.all(sums)).reduce((sum, loss) => sum + loss, 0) / batch.countedRows;
  }

  /**
   * Loss and raw gradients [layout.elementCount], without an update. In f16 a loss scale at which they overflow is halved
   * until they do not.
   */
  evaluateGradients(tokens: Uint32Array): Promise<{ loss: number; gradients: Float32Array<ArrayBuffer> }> {
    return this.#queue.alone(async () => {
      const { measure, outcome } = this.#plans;
      for (;;) {
        this.#submitGradients(tokens);
        this.#gpu.submit(measure);
        const { loss, gradNorm, lossScale } = await this.#readStatistics();
        const isLowest = this.precision === "f32" || lossScale <= this.#lossScale.minScale;
        if (Number.isFinite(gradNorm) || isLowest) {
          const gradients = await this.#memory.gradients.read(this.#gpu);
          return {
            loss,
            gradients: lossScale === 1 ? gradients : gradients.map((value) => value / lossScale),
          };
        }
        this.#gpu.submit(outcome);
      }
    });
  }

  /** Dispatches a training step. */
  get dispatchCount(): number {
    const { forward, backward, measure, outcome, update, refresh } = this.#plans;
    const pass = forward.length + backward.length;
    const tallies = this.#shape.microBatches - 1;
    const rest = [measure, outcome, update, refresh].reduce((sum, plan) => sum + plan.length, 0);
    return this.#shape.microBatches * pass + tallies + rest;
  }

  /** Bytes of device memory held. */
  get heldBytes(): number {
    return this.#arenas.heldBytes;
  }

  /**
   * Frees the device memory, once what was called before has been submitted; the Gpu stays open. Later calls are refused with
   * `train/engine-destroyed`.
   */
  destroy(): Promise<void> {
    return this.#queue.close(() => this.#arenas.destroy());
  }

  /** Rows of a pass. */
  get #passRows(): number {
    return passWindows(this.#shape) * this.config.contextLength;
  }

  /** Gradients of a step, and its loss up to the last pass. */
  #submitGradients(tokens: Uint32Array): void {
    const { forward, backward, backwardMore, tally, tallyMore } = this.#plans;
    const batch = splitTokens(tokens, this.config, this.batchSize);
    this.#gpu.write(this.#memory.activations.scaling, Float32Array.of(1 / batch.countedRows));
    for (let row = 0; row < batch.inputs.length; row += this.#passRows) {
      // The losses of the pass before, whose buffer this one is about to use.
      if (row > 0) this.#gpu.submit(row === this.#passRows ? tally : tallyMore);
      this.#upload(batch, row);
      this.#gpu.submit(forward, row === 0 ? backward : backwardMore);
    }
  }

  /** What the kernels of a pass read of the batch, from `firstRow` on. */
  #upload({ inputs, targets }: TokenBatch, firstRow: number): void {
    const { activations: act } = this.#memory;
    const own = inputs.subarray(firstRow, firstRow + this.#passRows);
    sortTokens(own, this.#positions, this.#starts);
    this.#gpu.write(act.tokens, own);
    this.#gpu.write(act.targets, targets.subarray(firstRow, firstRow + this.#passRows));
    this.#gpu.write(act.positions, this.#positions);
    this.#gpu.write(act.starts, this.#starts);
  }

  async #readStatistics(): Promise<StepResult> {
    const [loss, gradNorm, lossScale] = await this.#gpu.readF32(this.#memory.statistics.slice(0, 3));
    return { loss, gradNorm, lossScale };
  }
}
