/**
 * Every buffer of a forward and backward pass, allocated once. Forward values that the backward pass needs are kept per
 * layer; gradients of activations are transient and shared by all layers.
 * B batch, T context, C width, I width inside the MLP, V vocabulary, H heads of size D, N = B·T rows.
 */
import type { Allocator, ElementType, Gpu, GpuBuffer, Precision } from "../gpu/mod.ts";
import type { ModelConfig } from "./config.ts";
import { type HeadLimits, logitsElements } from "./head_tiles.ts";
import { hiddenElements, qkvElements } from "./regions.ts";
import { ropeTable } from "./rope_table.ts";

export interface LayerActivations {
  /** Of the two norms: [N, 2] mean and reciprocal deviation, [N] the latter alone in Llama */
  readonly statistics1: GpuBuffer;
  readonly statistics2: GpuBuffer;
  /** [N, C] */
  readonly normed1: GpuBuffer;
  /** [N, 3C], in Llama the regions of regions.ts */
  readonly qkv: GpuBuffer;
  /** [B, H, T] */
  readonly logSumExp: GpuBuffer;
  /** [N, H·D] */
  readonly attended: GpuBuffer;
  /** [N, C] residual stream between attention and MLP */
  readonly middle: GpuBuffer;
  /** [N, C] */
  readonly normed2: GpuBuffer;
  /** Before the activation: [N, I], in Llama the regions of regions.ts; after it: [N, I] */
  readonly hidden: GpuBuffer;
  readonly activated: GpuBuffer;
  /** [N, C] residual stream after the layer */
  readonly output: GpuBuffer;
}

/** What the forward pass needs up to the head. */
export interface TrunkActivations {
  /** [N] u32 */
  readonly tokens: GpuBuffer;
  /** [N, C] */
  readonly embedded: GpuBuffer;
  /** May be one and the same where no backward pass follows: a layer reads its input for the last time before it writes. */
  readonly layers: readonly LayerActivations[];
  readonly finalStatistics: GpuBuffer;
  readonly finalNormed: GpuBuffer;
  /** [N, C] output of a residual branch */
  readonly branch: GpuBuffer;
  /** [T, D/2, 2] Llama's rotations, a word in GPT-2; filled by `writeConstants` */
  readonly rope: GpuBuffer;
}

export interface Activations extends TrunkActivations {
  /** [N] u32 */
  readonly targets: GpuBuffer;
  /** [N] and [V + 1] u32: see kernels/embedding_backward.wgsl */
  readonly positions: GpuBuffer;
  readonly starts: GpuBuffer;
  /** Of a block of rows: logits, then their gradients in place; see head_tiles.ts */
  readonly logits: GpuBuffer;
  /** [N] of the logits */
  readonly headLogSumExp: GpuBuffer;
  /** [N] */
  readonly losses: GpuBuffer;
  /**
   * [3] weight of a counted row in the mean loss, one over their number; loss scale, 1 in f32; steps since it changed. The
   * owner writes them.
   */
  readonly scaling: GpuBuffer;
  /**
   * Layers keep what the backward pass reads in the same buffers, and only their outputs apart: a layer is then run forward
   * again before its backward pass.
   */
  readonly isShared: boolean;
  /** [N, C] gradient of the residual stream */
  readonly dresidual: GpuBuffer;
  /** [N, C] gradient of a normed tensor */
  readonly dnormed: GpuBuffer;
  /** [N, H·D] */
  readonly dattended: GpuBuffer;
  /** As qkv, as hidden, [B, H, T] */
  readonly dqkv: GpuBuffer;
  readonly dhidden: GpuBuffer;
  readonly rowDot: GpuBuffer;
}

/** Tensors of activations in `precision`; statistics, losses and what rows share in f32. */
type Allocate = (label: string, elements: number, type?: ElementType) => GpuBuffer;

function allocator(arena: Allocator, precision: Precision): Allocate {
  return (label, elements, type = precision) => arena.allocate(label, elements, { type });
}

export interface ActivationOptions {
  readonly headLimits: HeadLimits;
  readonly precision?: Precision;
  /** What the backward pass computes again instead of keeping it. */
  readonly recompute?: "none" | "layers";
}

export function allocateActivations(
  arena: Allocator,
  config: ModelConfig,
  batchSize: number,
  { headLimits, precision = "f32", recompute = "none" }: ActivationOptions,
): Activations {
  const { width, vocabSize, contextLength, headCount, headSize, layerCount } = config;
  const rows = batchSize * contextLength;
  const buffer = allocator(arena, precision);
  return {
    ...allocateEnds(buffer, config, rows),
    layers: recompute === "layers"
      ? shareLayers(buffer, config, rows)
      : Array.from({ length: layerCount }, (_, layer) => allocateLayer(buffer, config, rows, layer)),
    isShared: recompute === "layers",
    targets: buffer("targets", rows, "u32"),
    positions: buffer("positions", rows, "u32"),
    starts: buffer("starts", vocabSize + 1, "u32"),
    logits: buffer("logits", logitsElements({ rows, vocabSize, width }, headLimits)),
    headLogSumExp: buffer("headLogSumExp", rows, "f32"),
    losses: buffer("losses", rows, "f32"),
    scaling: buffer("scaling", 3, "f32"),
    dresidual: buffer("dresidual", rows * width),
    dnormed: buffer("dnormed", rows * width),
    dattended: buffer("dattended", rows * headCount * headSize),
    dqkv: buffer("dqkv", qkvElements(config, rows)),
    dhidden: buffer("dhidden", hiddenElements(config, rows)),
    rowDot: buffer("rowDot", rows * headCount, "f32"),
  };
}

/** One set of buffers for all layers, but an output for each. */
function shareLayers(buffer: Allocate, config: ModelConfig, rows: number): LayerActivations[] {
  const { output, ...kept } = allocateLayer(buffer, config, rows, 0);
  const layers = [{ ...kept, output }];
  for (let layer = 1; layer < config.layerCount; layer++) {
    layers.push({ ...kept, output: buffer(`h.${layer}.output`, rows * config.width) });
  }
  return layers;
}

/** What depends on the config alone and is written once. */
export function writeConstants(gpu: Gpu, config: ModelConfig, { rope }: TrunkActivations): void {
  if (config.family === "llama") gpu.write(rope, ropeTable(config, config.contextLength));
}

/** For a forward pass alone: every layer writes into the same buffers. */
export function allocateTrunk(
  arena: Allocator,
  config: ModelConfig,
  batchSize: number,
  precision: Precision = "f32",
): TrunkActivations {
  const rows = batchSize * config.contextLength;
  const buffer = allocator(arena, precision);
  const layer = allocateLayer(buffer, config, rows, 0);
  return { ...allocateEnds(buffer, config, rows), layers: new Array(config.layerCount).fill(layer) };
}

function allocateEnds(
  buffer: Allocate,
  { family, width, contextLength, headSize }: ModelConfig,
  rows: number,
): Omit<TrunkActivations, "layers"> {
  return {
    tokens: buffer("tokens", rows, "u32"),
    embedded: buffer("embedded", rows * width),
    finalStatistics: buffer("finalStatistics", 2 * rows, "f32"),
    finalNormed: buffer("finalNormed", rows * width),
    branch: buffer("branch", rows * width),
    rope: buffer("rope", family === "llama" ? contextLength * headSize : 1, "f32"),
  };
}

function allocateLayer(
  buffer: Allocate,
  config: ModelConfig,
  rows: number,
  layer: number,
): LayerActivations {
  const { width, innerWidth, headCount, headSize } = config;
  return {
    statistics1: buffer(`h.${layer}.statistics1`, 2 * rows, "f32"),
    statistics2: buffer(`h.${layer}.statistics2`, 2 * rows, "f32"),
    normed1: buffer(`h.${layer}.normed1`, rows * width),
    qkv: buffer(`h.${layer}.qkv`, qkvElements(config, rows)),
    logSumExp: buffer(`h.${layer}.logSumExp`, rows * headCount, "f32"),
    attended: buffer(`h.${layer}.attended`, rows * headCount * headSize),
    middle: buffer(`h.${layer}.middle`, rows * width),
    normed2: buffer(`h.${layer}.normed2`, rows * width),
    hidden: buffer(`h.${layer}.hidden`, hiddenElements(config, rows)),
    activated: buffer(`h.${layer}.activated`, rows * innerWidth),
    output: buffer(`h.${layer}.output`, rows * width),
  };
}
