/**
 * A model run forward over given tokens: logits [N, V], a block of rows at a time, so that neither the device nor the host
 * ever holds all of them. B batch, T context, N = B·T rows, V vocabulary, C width.
 */
import type { Allocator, BufferArena, DispatchPlan, Gpu, GpuBuffer, Precision } from "../gpu/mod.ts";
import { allocateTrunk, type TrunkActivations, writeConstants } from "./activations.ts";
import { buildTrunk } from "./build.ts";
import type { ModelConfig } from "./config.ts";
import { modelError } from "./errors.ts";
import { matmulNT } from "./matmul.ts";
import { partitionParameters } from "./parameter_partition.ts";
import { ParameterStore } from "./parameter_store.ts";
import { type ParameterLayout, parameterLayout } from "./parameters.ts";
import { headName } from "./pass.ts";

/** Rows of a block start where any binding may, in either precision and at any width. */
const BLOCK_ROWS = 128;

export interface LogitsOptions {
  readonly batchSize: number;
  /** Tokens a sequence, at most the model's; the model's by default. */
  readonly contextLength?: number;
  readonly precision?: Precision;
}

interface Block {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly plan: DispatchPlan;
}

export interface LogitsBlock {
  readonly firstRow: number;
  /** [rows of the block, V] */
  readonly logits: Float32Array<ArrayBuffer>;
}

export class LogitsEngine {
  readonly config: ModelConfig;
  readonly batchSize: number;
  readonly contextLength: number;
  readonly #gpu: Gpu;
  readonly #layout: ParameterLayout;
  readonly #arena: BufferArena;
  readonly #parameters: ParameterStore;
  readonly #activations: TrunkActivations;
  readonly #logits: GpuBuffer;
  readonly #trunk: DispatchPlan;
  readonly #blocks: readonly Block[];

  /** @throws `model/bad-config`, `gpu/too-large`, `gpu/no-f16` */
  constructor(gpu: Gpu, config: ModelConfig, { batchSize, contextLength, precision = "f32" }: LogitsOptions) {
    this.#gpu = gpu;
    this.config = config;
    this.batchSize = batchSize;
    this.contextLength = contextLength ?? config.contextLength;
    this.#layout = parameterLayout(config);
    this.#arena = gpu.arena("logits");
    try {
      const pass = { ...config, contextLength: this.contextLength };
      const stored: Allocator = {
        allocate: (label, elements) => this.#arena.allocate(label, elements, { type: precision }),
      };
      this.#parameters = new ParameterStore(
        "parameters",
        partitionParameters(this.#layout, gpu.limits),
        stored,
      );
      this.#activations = allocateTrunk(this.#arena, pass, batchSize, precision);
      writeConstants(gpu, pass, this.#activations);
      const rows = batchSize * this.contextLength;
      this.#logits = stored.allocate("logits", Math.min(rows, BLOCK_ROWS) * config.vocabSize);
      this.#trunk = gpu.plan(precision);
      buildTrunk(this.#trunk, pass, batchSize, {
        parameters: this.#parameters,
        activations: this.#activations,
      });
      this.#blocks = Array.from(
        { length: Math.ceil(rows / BLOCK_ROWS) },
        (_, i) => this.#block(i * BLOCK_ROWS, rows, precision),
      );
    } catch (error) {
      this.#arena.destroy();
      throw error;
    }
  }

  /** @throws `model/bad-parameters` */
  loadParameters(parameters: Float32Array): void {
    const required = this.#layout.elementCount;
    if (parameters.length !== required) {
      throw modelError(
        "model/bad-parameters",
        `load parameters: ${parameters.length} elements, ${required} are required by the model's shape`,
        { elements: parameters.length, required },
      );
    }
    this.#parameters.write(this.#gpu, parameters);
  }

  /**
   * Logits after every token of `tokens` [batchSize, contextLength], in order of rows.
   * @param wants only blocks that hold one of these rows; all by default
   * @throws `model/bad-tokens`, `gpu/device-lost`, `gpu/fault`
   */
  async *logits(tokens: Uint32Array, wants?: readonly number[]): AsyncGenerator<LogitsBlock> {
    this.#checkTokens(tokens);
    this.#gpu.write(this.#activations.tokens, tokens);
    this.#gpu.submit(this.#trunk);
    for (const { firstRow, rowCount, plan } of this.#blocks) {
      if (wants?.every((row) => row < firstRow || row >= firstRow + rowCount)) continue;
      this.#gpu.submit(plan);
      const logits = await this.#gpu.readF32(this.#logits.slice(0, rowCount * this.config.vocabSize));
      yield { firstRow, logits };
    }
  }

  destroy(): void {
    this.#arena.destroy();
  }

  #block(firstRow: number, rows: number, precision: Precision): Block {
    const { vocabSize, width } = this.config;
    const rowCount = Math.min(BLOCK_ROWS, rows - firstRow);
    const plan = this.#gpu.plan(precision);
    const normed = this.#activations.finalNormed.slice(firstRow * width, rowCount * width);
    const logits = this.#logits.slice(0, rowCount * vocabSize);
    const shards = this.#parameters.shards(headName(this.config));
    for (const { firstRow: firstToken, rowCount: columns, binding } of shards) {
      matmulNT(plan, { rows: rowCount, columns, inner: width }, normed, binding, logits, {
        strides: { y: vocabSize },
        offsets: { y: firstToken },
      });
    }
    return { firstRow, rowCount, plan };
  }

  #checkTokens(tokens: Uint32Array): void {
    const required = this.batchSize * this.contextLength;
    if (tokens.length !== required) {
      throw modelError(
        "model/bad-tokens",
        `compute logits: ${tokens.length} tokens, ${this.batchSize} sequences of ${this.contextLength} are required`,
        { found: tokens.length, required },
      );
    }
    const foreign = tokens.find((token) => token >= this.config.vocabSize);
    if (foreign === undefined) return;
    throw modelError(
      "model/bad-tokens",
      `compute logits: token ${foreign}, tokens below the vocabulary's size ${this.config.vocabSize} are required`,
      { found: foreign, required: this.config.vocabSize },
    );
  }
}
