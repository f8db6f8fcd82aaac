/**
 * How much device memory a training engine takes, to the byte and before any of it is allocated: the code that lays the memory
 * out runs over ledgers. And what would fit where that is too much: computing layers twice, halves, smaller
 * batches.
 */
import { isSkeinError, SkeinError } from "../base/errors.ts";
import { gpuError, MemoryLedger } from "../gpu/mod.ts";
import {
  type AdapterShape,
  type EngineShape,
  layOutMemory,
  MEMORY_KINDS,
  type MemoryKind,
} from "./engine_memory.ts";

export interface PlannedBuffer {
  readonly kind: MemoryKind;
  readonly label: string;
  readonly bytes: number;
}

export interface MemoryPlan {
  readonly bytes: Readonly<Record<MemoryKind, number>>;
  readonly totalBytes: number;
  readonly buffers: readonly PlannedBuffer[];
}

/** @throws `model/bad-config`, `gpu/too-large`, `train/adapter-too-weak` */
export function planMemory(shape: EngineShape, adapter: AdapterShape): MemoryPlan {
  const ledgers = new Map(MEMORY_KINDS.map((kind) => [kind, new MemoryLedger(kind, adapter.limits)]));
  layOutMemory(shape, adapter, (kind) => ledgers.get(kind)!);
  const entries = [...ledgers].map(([kind, ledger]) => [kind, ledger.heldBytes]);
  const bytes = Object.fromEntries(entries) as Record<MemoryKind, number>;
  return {
    bytes,
    totalBytes: Object.values(bytes).reduce((sum, each) => sum + each, 0),
    buffers: [...ledgers].flatMap(([kind, { buffers }]) =>
      buffers.map(({ label, byteLength }) => ({ kind, label, bytes: byteLength }))
    ),
  };
}

/**
 * The plan, when it is possible and within bounds.
 * @throws `model/bad-config`; `gpu/too-large`, `gpu/out-of-memory` and `train/adapter-too-weak`, which name what would fit
 */
export function planWithin(shape: EngineShape, adapter: AdapterShape, availableBytes: number): MemoryPlan {
  let plan: MemoryPlan;
  try {
    plan = planMemory(shape, adapter);
  } catch (error) {
    if (!isUnfit(error)) throw error;
    const { code, message, payload, cause } = error;
    throw new SkeinError(code, `${message}; ${whatFits(shape, adapter, availableBytes)}`, payload, cause);
  }
  if (plan.totalBytes > availableBytes) throw outOfMemory(shape, adapter, availableBytes);
  return plan;
}

/** The error to throw when a device, or its user, has no more than `availableBytes`. */
export function outOfMemory(
  shape: EngineShape,
  adapter: AdapterShape,
  availableBytes: number,
  cause?: unknown,
) {
  const { totalBytes } = planMemory(shape, adapter);
  return gpuError(
    "gpu/out-of-memory",
    `train with ${describe(shape)}: ${mebibytes(totalBytes)} of device memory are needed, ` +
      `${mebibytes(availableBytes)} are to be had, ${whatFits(shape, adapter, availableBytes)}`,
    { bytes: totalBytes, availableBytes },
    cause,
  );
}

/**
 * The shape in as few passes as let the adapter bind every tensor of one: windows do not see one another, so a step over more
 * of them than fit is cut between them. Memory in all is another matter: nobody knows it before. Where one window is too much, the shape as it
 * is, for `planWithin` to refuse.
 */
export function inPasses(shape: EngineShape, adapter: AdapterShape): EngineShape {
  if (fits(shape, adapter, Infinity)) return shape;
  return fewestPasses(shape, adapter, Infinity) ?? shape;
}

/** For people: the nearest variations of `shape` that fit, each with what it takes. */
function whatFits(shape: EngineShape, adapter: AdapterShape, availableBytes: number): string {
  const recomputed = { ...shape, recompute: "layers" } as const;
  const candidates: EngineShape[] = [recomputed];
  if (adapter.hasF16) candidates.push({ ...shape, precision: "f16" }, { ...recomputed, precision: "f16" });
  const fitting = candidates.filter((candidate) =>
    JSON.stringify(candidate) !== JSON.stringify(shape) && fits(candidate, adapter, availableBytes)
  );
  for (const base of shape.recompute === "none" ? [shape, recomputed] : [shape]) {
    const split = fewestPasses(base, adapter, availableBytes);
    if (split !== undefined) fitting.push(split);
  }
  if (fitting.length === 0) {
    return "not even a batch of one window fits, use a smaller preset or a larger GPU";
  }
  const described = fitting.map((candidate) =>
    `${describe(candidate)} (${mebibytes(planMemory(candidate, adapter).totalBytes)})`
  );
  return `what would fit: ${described.join("; ")}`;
}

/** The same step in more passes, each over fewer windows; else, one window is too much already. */
function fewestPasses(
  shape: EngineShape,
  adapter: AdapterShape,
  availableBytes: number,
): EngineShape | undefined {
  for (let microBatches = shape.microBatches + 1; microBatches <= shape.batchSize; microBatches++) {
    if (shape.batchSize % microBatches !== 0) continue;
    const split = { ...shape, microBatches };
    if (fits(split, adapter, availableBytes)) return split;
  }
  return undefined;
}

function fits(shape: EngineShape, adapter: AdapterShape, availableBytes: number): boolean {
  try {
    return planMemory(shape, adapter).totalBytes <= availableBytes;
  } catch (error) {
    if (isUnfit(error)) return false;
    throw error;
  }
}

/** Whether an error of planning says that the shape is not for this adapter, where another may be. */
export function isUnfit(error: unknown): error is SkeinError {
  return isSkeinError(error, "gpu/too-large") || isSkeinError(error, "train/adapter-too-weak");
}

function describe({ batchSize, microBatches, precision, recompute }: EngineShape): string {
  const passes = microBatches === 1 ? "" : ` as ${microBatches} micro-batches`;
  return `batch ${batchSize}${passes} in ${precision}${
    recompute === "layers" ? " with layers recomputed" : ""
  }`;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
