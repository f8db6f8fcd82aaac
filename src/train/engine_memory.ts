/**
 * Everything a training engine holds on the device, laid out in one place: nothing else allocates for it, and a step never
 * does. Each kind of memory has an arena of its own, so that what is held can be said by kind, and kinds are laid out one
 * after another in the order of MEMORY_KINDS.
 */
import {
  type Allocator,
  type BufferLimits,
  ELEMENT_BYTES,
  type Gpu,
  type GpuBuffer,
  type Precision,
} from "../gpu/mod.ts";
import {
  type Activations,
  allocateActivations,
  type HeadLimits,
  headName,
  type ModelConfig,
  type ParameterLayout,
  parameterLayout,
  ParameterStore,
  partitionParameters,
} from "../model/mod.ts";

import { LAMB_BLOCK } from "../optim/lamb.ts";
import { assertAdapterBears } from "./adapter_limits.ts";

export const MEMORY_KINDS = ["parameters", "gradients", "moments", "activations", "statistics"] as const;
export type MemoryKind = (typeof MEMORY_KINDS)[number];

export interface EngineShape {
  readonly config: ModelConfig;
  /** Windows a step. */
  readonly batchSize: number;
  /** Passes a step, each over batchSize / microBatches windows. */
  readonly microBatches: number;
  /** Of the activations, their gradients, and the parameters that the passes read. */
  readonly precision: Precision;
  /** What the backward pass computes again instead of keeping it: nothing, or every layer from its input. */
  readonly recompute: "none" | "layers";
  readonly optimiser: "adamw" | "lamb";
}

/** Windows a pass. */
export function passWindows({ batchSize, microBatches }: EngineShape): number {
  return batchSize / microBatches;
}

/** What the adapter demands of the layout. */
export interface AdapterShape {
  readonly limits: BufferLimits;
  /** Of a segment of a flat vector. */
  readonly segmentBytes: number;
  /** Of a block of rows, where the vocabulary allows. */
  readonly logitsBytes: number;
  readonly isSoftware: boolean;
  readonly hasF16: boolean;
}

/** Bounds below the adapter's own: what else runs on the device needs room too. */
export interface MemoryBounds {
  /** Of all buffers of the engine together. */
  readonly totalBytes?: number;
  /** Of one buffer. */
  readonly bufferBytes?: number;
  /** Of one buffer of a flat vector, which is cut into more of them. */
  readonly segmentBytes?: number;
  /** Of the logits of a block of rows, where the vocabulary allows. */
  readonly logitsBytes?: number;
}

export interface EngineMemory {
  readonly layout: ParameterLayout;
  /** What the optimiser updates, in f32. */
  readonly masters: ParameterStore;
  /** What the passes read: the masters, or a copy of them in f16. */
  readonly parameters: ParameterStore;
  readonly gradients: ParameterStore;
  readonly m: ParameterStore;
  readonly v: ParameterStore;
  /** What LAMB alone needs. */
  readonly lamb?: LambBuffers;
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
  /** [5] learning rate, and what the bias corrections are made of: see kernels/step_outcome.wgsl */
  readonly schedule: GpuBuffer;
  /** [3] mean loss and gradient norm of the step, and the loss scale that its gradients carry */
  readonly statistics: GpuBuffer;
  /** Sums of squares, each range's behind the last's */
  readonly partials: GpuBuffer;
  /** Partial sums a range of the flat vector. */
  readonly partialCount: number;
}

/** On a GPU enough rows that the products with the whole vocabulary's gradients occupy it. */
const LOGITS_BYTES = { software: 64 * 1024 * 1024, gpu: 128 * 1024 * 1024 };
/** llvmpipe ends the loops of an invocation silently after 65535 iterations. */
const SOFTWARE_MAX_COLUMNS = 32768;
/** Sums of squares a range: enough to occupy the adapter, few enough to be added up after. */
const MAX_PARTIALS = { software: 4096, gpu: 65536 };

export function adapterShape(
  gpu: Gpu,
  { bufferBytes = Infinity, segmentBytes = Infinity, logitsBytes }: MemoryBounds = {},
): AdapterShape {
  const { maxBufferBytes, maxBindingBytes } = gpu.limits;
  const isSoftware = gpu.backendKind === "software";
  // Nearly every buffer is bound as a whole somewhere, so one limit serves for both.
  const bytes = Math.min(maxBufferBytes, maxBindingBytes, bufferBytes);
  return {
    limits: { maxBufferBytes: bytes, maxBindingBytes: bytes },
    segmentBytes: Math.min(bytes, segmentBytes),
    logitsBytes: logitsBytes ?? (isSoftware ? LOGITS_BYTES.software : LOGITS_BYTES.gpu),
    isSoftware,
    hasF16: gpu.has("shader-f16"),
  };
}

/** See kernels/lamb_*.wgsl. */
export interface LambBuffers {
  /** [blocks, 2] */
  readonly norms: GpuBuffer;
  /** [tensors, 3] u32 */
  readonly spans: GpuBuffer;
  /** [tensors] */
  readonly ratios: GpuBuffer;
  /** [blocks] u32 */
  readonly tensorOf: GpuBuffer;
}

/** @throws `model/bad-config`, `gpu/too-large`, `train/adapter-too-weak` */
export function layOutMemory(
  shape: EngineShape,
  { limits, segmentBytes, logitsBytes, isSoftware }: AdapterShape,
  arenaOf: (kind: MemoryKind) => Allocator,
): EngineMemory {
  assertAdapterBears(shape, { isSoftware });
  const { config, precision, recompute } = shape;
  const layout = parameterLayout(config);
  const partition = partitionParameters(layout, {
    maxBufferBytes: segmentBytes,
    maxBindingBytes: segmentBytes,
  });
  const store = (label: string, kind: MemoryKind, type: Precision = "f32") =>
    new ParameterStore(label, partition, arenaOf(kind), type);
  const headLimits = {
    // Half of what can be bound: tiles begin at aligned elements and have padded rows, so they take a little more.
    logitsBytes: Math.min(logitsBytes, limits.maxBindingBytes / 2),
    maxBindingBytes: limits.maxBindingBytes,
    maxColumns: isSoftware ? SOFTWARE_MAX_COLUMNS : Infinity,
    bytesPerElement: ELEMENT_BYTES[precision],
    shardCount: partition.shards.get(headName(config))!.length,
    rowForm: isSoftware ? "invocation" : "workgroup",
  } as const;
  const largest = Math.max(...partition.segments.map(({ elementCount }) => elementCount));
  // A multiple of 64, so that each range's sums can be bound alone.
  const partialCount = Math.min(
    isSoftware ? MAX_PARTIALS.software : MAX_PARTIALS.gpu,
    64 * Math.ceil(largest / 4096),
  );
  const small = arenaOf("statistics");
  const masters = store("parameters", "parameters");
  return {
    layout,
    masters,
    parameters: precision === "f32" ? masters : store("parameters in f16", "parameters", precision),
    gradients: store("gradients", "gradients"),
    m: store("m", "moments"),
    v: store("v", "moments"),
    lamb: shape.optimiser === "lamb" ? lambBuffers(layout, arenaOf("moments")) : undefined,
    activations: allocateActivations(arenaOf("activations"), config, passWindows(shape), {
      headLimits,
      precision,
      recompute,
    }),
    headLimits,
    schedule: small.allocate("schedule", 5),
    statistics: small.allocate("statistics", 3),
    partials: small.allocate("partials", partialCount * partition.segments.length),
    partialCount,
  };
}

function lambBuffers({ entries, elementCount }: ParameterLayout, arena: Allocator): LambBuffers {
  const blockCount = Math.ceil(elementCount / LAMB_BLOCK);
  return {
    norms: arena.allocate("lamb.norms", 2 * blockCount),
    spans: arena.allocate("lamb.spans", 3 * entries.length, { type: "u32" }),
    ratios: arena.allocate("lamb.ratios", entries.length),
    tensorOf: arena.allocate("lamb.tensorOf", blockCount, { type: "u32" }),
  };
}
