/** Which presets the adapter can train, and what device memory they take: planned to the byte, nothing is allocated. */
import type { Gpu, Precision } from "../gpu/mod.ts";
import { MODEL_PRESETS, type ModelConfig } from "../model/mod.ts";
import { type AdapterShape, adapterShape, type EngineShape } from "../train/engine_memory.ts";
import { inPasses, isUnfit, planMemory } from "../train/memory_plan.ts";
import type { HostFacts } from "./host_facts.ts";
import { TRAINING_PRESETS } from "./run_config.ts";

export interface ModelFit {
  readonly preset: string;
  readonly precision: Precision;
  /** Of the preset's training. */
  readonly batchSize: number;
  /** Device memory of a training engine, in as few passes a step as the adapter can bind; null where one window is too much. */
  readonly bytes: number | null;
  /** With layers computed again in the backward pass. */
  readonly recomputedBytes: number | null;
  /**
   * Largest power of two that fits with layers recomputed, where the device's memory is known: that of a software adapter is the
   * machine's. Null where it is not.
   */
  readonly largestBatch: number | null;
}

const DEFAULT_BATCH = 4;
const MAX_BATCH = 1024;

export function modelFits(gpu: Gpu, { freeMemoryBytes }: Pick<HostFacts, "freeMemoryBytes">): ModelFit[] {
  const adapter = adapterShape(gpu);
  const available = gpu.backendKind === "software" ? freeMemoryBytes : undefined;
  const precisions: readonly Precision[] = gpu.has("shader-f16") ? ["f32", "f16"] : ["f32"];
  return Object.entries(MODEL_PRESETS as Readonly<Record<string, ModelConfig>>).flatMap(([preset, config]) =>
    precisions.map((precision) => fitOf(preset, config, precision, adapter, available))
  );
}

function fitOf(
  preset: string,
  config: ModelConfig,
  precision: Precision,
  adapter: AdapterShape,
  available: number | undefined,
): ModelFit {
  const batchSize = TRAINING_PRESETS[preset]?.batchSize ?? DEFAULT_BATCH;
  const bytes = (batch: number, recompute: EngineShape["recompute"]) =>
    bytesOf({ config, batchSize: batch, microBatches: 1, precision, recompute, optimiser: "adamw" }, adapter);
  let largestBatch: number | null = available === undefined ? null : 0;
  for (let batch = 1; available !== undefined && batch <= MAX_BATCH; batch *= 2) {
    const needed = bytes(batch, "layers");
    if (needed === null || needed > available) break;
    largestBatch = batch;
  }
  return {
    preset,
    precision,
    batchSize,
    bytes: bytes(batchSize, "none"),
    recomputedBytes: bytes(batchSize, "layers"),
    largestBatch,
  };
}

function bytesOf(shape: EngineShape, adapter: AdapterShape): number | null {
  try {
    return planMemory(inPasses(shape, adapter), adapter).totalBytes;
  } catch (error) {
    if (isUnfit(error)) return null;
    throw error;
  }
}
