/**
 * One model on one GPU: parameters, moments, and the plans of a training step. All buffers are allocated by `create`; a
 * step uploads tokens and three numbers, submits one command buffer and reads two numbers back.
 * Cost of a step, at least: 6 FLOP a parameter a token (2 forward, 4 backward), plus 12·C·T·L a token for attention. For
 * pico at batch 8 that is 0.36 GFLOP: 45 ms at the 8 GFLOP/s that two cores of llvmpipe reach, plus about 12 ms in which
 * Deno polls for the read-back.
 */
import { assert } from "../base/assert.ts";
import type { BufferArena, DispatchPlan, Gpu, GpuBuffer } from "../gpu/mod.ts";
import {
  type Activations,
  allocateActivations,
  buildBackward,
  buildForward,
  type ModelConfig,
  modelError,
  type ParameterLayout,
  parameterLayout,
  sortTokens,
  splitTokens,
} from "../model/mod.ts";
import { type AdamWOptions, biasCorrections } from "../optim/adamw.ts";

export type { AdamWOptions } from "../optim/adamw.ts";

export interface TrainEngineOptions {
  /** Windows a step, B. */
  readonly batchSize: number;
  readonly adamw: AdamWOptions;
}

/** Both may be NaN or infinite; a step whose gradient norm is not finite leaves the parameters as they were. */
export interface StepResult {
  /** Mean next-token loss in nats. */
  readonly loss: number;
  /** Global L2 norm before clipping. */
  readonly gradNorm: number;
}

/** Above any finite f32 norm that matters, below overflow: no clipping. */
const NO_CLIP = 3e38;
const MAX_PARTIALS = 4096;

export class TrainEngine {
  readonly layout: ParameterLayout;
  readonly config: ModelConfig;
  readonly batchSize: number;
  #gpu: Gpu;
  #adamw: AdamWOptions;
  #arena: BufferArena;
  #parameters: GpuBuffer;
  #gradients: GpuBuffer;
  #m: GpuBuffer;
  #v: GpuBuffer;
  #schedule: GpuBuffer;
  #statistics: GpuBuffer;
  #activations: Activations;
  #forward: DispatchPlan;
  #backward: DispatchPlan;
  #measure: DispatchPlan;
  #update: DispatchPlan;
  #positions: Uint32Array<ArrayBuffer>;
  #starts: Uint32Array<ArrayBuffer>;
  #step = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(gpu: Gpu, config: ModelConfig, { batchSize, adamw }: TrainEngineOptions) {
    assert(Number.isSafeInteger(batchSize) && batchSize > 0, `batch size ${batchSize}`);
    this.#gpu = gpu;
    this.config = config;
    this.batchSize = batchSize;
    this.#adamw = adamw;
    this.layout = parameterLayout(config);
    this.#arena = gpu.arena("engine");
    const elements = this.layout.elementCount;
    this.#parameters = this.#arena.allocate("parameters", elements);
    this.#gradients = this.#arena.allocate("gradients", elements);
    this.#m = this.#arena.allocate("m", elements);
    this.#v = this.#arena.allocate("v", elements);
    this.#schedule = this.#arena.allocate("schedule", 3);
    this.#statistics = this.#arena.allocate("statistics", 2);
    this.#activations = allocateActivations(this.#arena, config, batchSize);
    gpu.write(this.#activations.lossScale, Float32Array.of(1));
    this.#positions = new Uint32Array(batchSize * config.contextLength);
    this.#starts = new Uint32Array(config.vocabSize + 1);
    const at = {
      layout: this.layout,
      parameters: this.#parameters,
      gradients: this.#gradients,
      activations: this.#activations,
    };
    this.#forward = gpu.plan();
    this.#backward = gpu.plan();
    buildForward(this.#forward, config, batchSize, at);
    buildBackward(this.#backward, config, batchSize, at);
    this.#measure = this.#measurePlan();
    this.#update = this.#updatePlan();
  }

  /**
   * Allocates and compiles. Parameters start as zeros: call `loadParameters`.
   * @throws `model/bad-config`, `gpu/too-large`, `gpu/fault`
   */
  static async create(gpu: Gpu, config: ModelConfig, options: TrainEngineOptions): Promise<TrainEngine> {
    const engine = new TrainEngine(gpu, config, options);
    try {
      await gpu.read(engine.#statistics.whole()); // Faults of allocation or compilation surface here.
    } catch (error) {
      engine.destroy();
      throw error;
    }
    return engine;
  }

  /** Steps since the last `loadParameters`. */
  get step(): number {
    return this.#step;
  }

  /**
   * Replaces the parameters and forgets AdamW's moments and step count, so that a replay from the same parameters over the
   * same batches gives the same numbers.
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
    const zeros = new Float32Array(required);
    this.#gpu.write(this.#parameters, parameters);
    this.#gpu.write(this.#m, zeros);
    this.#gpu.write(this.#v, zeros);
    this.#step = 0;
  }

  /** A copy of the parameters, [layout.elementCount]. */
  readParameters(): Promise<Float32Array<ArrayBuffer>> {
    return this.#exclusive(() => this.#gpu.readF32(this.#parameters.slice(0, this.layout.elementCount)));
  }

  /**
   * One AdamW step on `tokens` [batchSize, contextLength + 1].
   * @throws `model/bad-tokens`, `gpu/device-lost`, `gpu/fault`
   */
  trainStep(tokens: Uint32Array, learningRate: number): Promise<StepResult> {
    return this.#exclusive(() => {
      this.#uploadTokens(tokens);
      this.#step++;
      this.#gpu.write(
        this.#schedule,
        new Float32Array([learningRate, ...biasCorrections(this.#adamw, this.#step)]),
      );
      this.#gpu.submit(this.#forward, this.#backward, this.#measure, this.#update);
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
    let sum = 0;
    for (let batch = 0; batch < batchCount; batch++) {
      sum += await this.#exclusive(async () => {
        this.#uploadTokens(tokens.subarray(batch * batchElements, (batch + 1) * batchElements));
        this.#gpu.submit(this.#forward);
        const losses = await this.#gpu.readF32(
          this.#activations.losses.slice(0, this.batchSize * this.config.contextLength),
        );
        return losses.reduce((total, loss) => total + loss, 0) / losses.length;
      });
    }
    return sum / batchCount;
  }

  /** Loss and raw gradients [layout.elementCount], without an update. */
  evaluateGradients(tokens: Uint32Array): Promise<{ loss: number; gradients: Float32Array<ArrayBuffer> }> {
    return this.#exclusive(async () => {
      this.#uploadTokens(tokens);
      this.#gpu.submit(this.#forward, this.#backward, this.#measure);
      const { loss } = await this.#readStatistics();
      const gradients = await this.#gpu.readF32(this.#gradients.slice(0, this.layout.elementCount));
      return { loss, gradients };
    });
  }

  /** Dispatches a training step. */
  get dispatchCount(): number {
    return this.#forward.length + this.#backward.length + this.#measure.length + this.#update.length;
  }

  /** Bytes of device memory held. */
  get heldBytes(): number {
    return this.#arena.heldBytes;
  }

  /** Frees the device memory; the Gpu stays open. */
  destroy(): void {
    this.#arena.destroy();
  }

  /** Runs one after another: calls share the activations. */
  #exclusive<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  #uploadTokens(tokens: Uint32Array): void {
    const { inputs, targets } = splitTokens(tokens, this.config, this.batchSize);
    sortTokens(inputs, this.#positions, this.#starts);
    this.#gpu.write(this.#activations.tokens, inputs);
    this.#gpu.write(this.#activations.targets, targets);
    this.#gpu.write(this.#activations.positions, this.#positions);
    this.#gpu.write(this.#activations.starts, this.#starts);
  }

  async #readStatistics(): Promise<StepResult> {
    const [loss, gradNorm] = await this.#gpu.readF32(this.#statistics.slice(0, 2));
    return { loss, gradNorm };
  }

  #measurePlan(): DispatchPlan {
    const rows = this.batchSize * this.config.contextLength;
    const count = this.layout.elementCount;
    const partialCount = Math.min(MAX_PARTIALS, Math.ceil(count / 64));
    const partials = this.#arena.allocate("partials", partialCount);
    return this.#gpu.plan()
      .add(
        "squared_norm",
        { COUNT: count, PARTIALS: partialCount },
        [this.#gradients.whole(), partials.whole()],
        partialCount,
      )
      .add(
        "step_statistics",
        { ROWS: rows, PARTIALS: partialCount },
        [this.#activations.losses.whole(), partials.whole(), this.#statistics.whole()],
        2,
      );
  }

  #updatePlan(): DispatchPlan {
    const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = this.#adamw;
    const count = this.layout.elementCount;
    return this.#gpu.plan().add(
      "adamw",
      {
        COUNT: count,
        DECAY_COUNT: this.layout.decayElementCount,
        BETA1: beta1,
        BETA2: beta2,
        EPSILON: epsilon,
        WEIGHT_DECAY: weightDecay,
        MAX_NORM: Math.min(maxGradNorm, NO_CLIP),
      },
      [this.#gradients, this.#statistics, this.#schedule, this.#parameters, this.#m, this.#v].map((b) =>
        b.whole()
      ),
      count,
    );
  }
}
