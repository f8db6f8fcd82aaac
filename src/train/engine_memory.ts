/**
 * Everything a training engine holds on the device, laid out in one place: nothing else allocates for it, and a step never
 * does. Each kind of memory has an arena of its own, so that what is held can be said by kind.
 */
import {
  type Allocator,
  type BufferLimits,
  ELEMENT_BYTES,
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

export type MemoryKind = "parameters" | "gradients" | "moments" | "activations" | "statistics";

export interface EngineShape {
  readonly config: ModelConfig;
  readonly batchSize: number;
  /** Of the activations, their gradients, and the parameters that the passes read. */
  readonly precision: Precision;
}

/** What the adapter demands of the layout. */
export interface AdapterShape {
  readonly limits: BufferLimits;
  readonly isSoftware: boolean;
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
  readonly activations: Activations;
  readonly headLimits: HeadLimits;
  /** [3] learning rate and bias corrections of the step */
  readonly schedule: GpuBuffer;
  /** [3] mean loss and gradient norm of the step, and the loss scale that its gradients carry */
  readonly statistics: GpuBuffer;
  /** Sums of squares, each range's behind the last's */
  readonly partials: GpuBuffer;
  /** Partial sums a range of the flat vector. */
  readonly partialCount: number;
}

/** Logits of a block of rows take at most this, where the vocabulary allows. */
const LOGITS_BYTES = 64 * 1024 * 1024;
/** llvmpipe ends the loops of an invocation silently after 65535 iterations. */
const SOFTWARE_MAX_COLUMNS = 32768;
const MAX_PARTIALS = 4096;

/** @throws `model/bad-config`, `gpu/too-large` */
export function layOutMemory(
  { config, batchSize, precision }: EngineShape,
  { limits, isSoftware }: AdapterShape,
  arenaOf: (kind: MemoryKind) => Allocator,
): EngineMemory {
  const layout = parameterLayout(config);
  const partition = partitionParameters(layout, limits);
  const store = (label: string, kind: MemoryKind, type: Precision = "f32") =>
    new ParameterStore(label, partition, arenaOf(kind), type);
  const headLimits = {
    logitsBytes: Math.min(LOGITS_BYTES, limits.maxBindingBytes),
    maxBindingBytes: limits.maxBindingBytes,
    maxColumns: isSoftware ? SOFTWARE_MAX_COLUMNS : Infinity,
    bytesPerElement: ELEMENT_BYTES[precision],
    shardCount: partition.shards.get(headName(config))!.length,
    rowForm: isSoftware ? "invocation" : "workgroup",
  } as const;
  const largest = Math.max(...partition.segments.map(({ elementCount }) => elementCount));
  // A multiple of 64, so that each range's sums can be bound alone.
  const partialCount = Math.min(MAX_PARTIALS, 64 * Math.ceil(largest / 4096));
  const small = arenaOf("statistics");
  const masters = store("parameters", "parameters");
  return {
    layout,
    masters,
    parameters: precision === "f32" ? masters : store("parameters in f16", "parameters", precision),
    gradients: store("gradients", "gradients"),
    m: store("m", "moments"),
    v: store("v", "moments"),
    activations: allocateActivations(arenaOf("activations"), config, batchSize, headLimits, precision),
    headLimits,
    schedule: small.allocate("schedule", 3),
    statistics: small.allocate("statistics", 3),
    partials: small.allocate("partials", partialCount * partition.segments.length),
    partialCount,
  };
}
