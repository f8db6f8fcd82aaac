/** What every bench of `skein bench` begins with: the adapter, its ceilings in this very run, and who says so. */
import { tmpdir } from "node:os";
import process from "node:process";
import type { Clock } from "../../base/clock.ts";
import { SkeinError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import {
  type BackendKind,
  type Ceilings,
  type CeilingSize,
  choosePrecision,
  type Gpu,
  measureCeilings,
  openDevice,
  type Precision,
  type PrecisionChoice,
} from "../../gpu/mod.ts";
import { MODEL_PRESETS, type ModelConfig } from "../../model/mod.ts";

export interface BenchDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** How much to measure the ceilings with; by default as much as a sure measurement takes. */
  readonly ceilingSize?: CeilingSize;
}

export interface ShapeOptions {
  readonly preset: string;
  readonly batchSize: number;
  /** The preset's when undefined. */
  readonly contextLength?: number;
  readonly precision: PrecisionChoice;
}

/** In every result. */
export interface BenchSubject {
  readonly adapter: string;
  readonly backend: BackendKind;
  readonly precision: Precision;
  readonly ceilings: Ceilings;
}

export interface BenchRoom {
  readonly gpu: Gpu;
  readonly subject: BenchSubject;
}

/** Opens the adapter, runs `body` and closes the adapter, whatever happens. */
export async function inBenchRoom<R>(
  precision: PrecisionChoice,
  { clock, log, ceilingSize }: BenchDependencies,
  body: (room: BenchRoom) => Promise<R>,
): Promise<R> {
  // Mesa's window-system code complains on stderr when this is unset, and it is never needed here.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const gpu = await openDevice({ log });
  try {
    const subject = {
      adapter: gpu.adapterName,
      backend: gpu.backendKind,
      precision: await choosePrecision(gpu, precision, log),
      ceilings: await measureCeilings(gpu, clock, ceilingSize),
    };
    return await body({ gpu, subject });
  } finally {
    gpu.close();
  }
}

/** @throws {SkeinError} `node/unknown-preset` */
export function modelOf({ preset, contextLength }: ShapeOptions): ModelConfig {
  const model = (MODEL_PRESETS as Readonly<Record<string, ModelConfig>>)[preset];
  if (model === undefined) {
    throw new SkeinError(
      "node/unknown-preset",
      `choose a preset: "${preset}", one of ${Object.keys(MODEL_PRESETS).join(", ")} is needed`,
      { preset },
    );
  }
  return contextLength === undefined ? model : { ...model, contextLength };
}

/** @throws {SkeinError} `node/bench-wrong` when a result is further from the truth than `allowed` */
export function demandAgreement(what: string, relativeError: number, allowed: number): void {
  if (relativeError <= allowed) return;
  throw new SkeinError(
    "node/bench-wrong",
    `verify ${what}: relative error ${relativeError.toPrecision(3)}, at most ${allowed} is required, ` +
      "this adapter or its driver computes wrongly: do not train on it, and report it with skein doctor --json",
    { what, relativeError, allowed },
  );
}

/** Standard normals as `precision` holds them: a prime number of them, over and over, so that no two rows are the same. */
export function normals(random: Random, count: number, precision: Precision): Float32Array<ArrayBuffer> {
  const base = Float32Array.from({ length: Math.min(count, 65537) }, () => random.nextNormal());
  const drawn = precision === "f16" ? new Float32Array(new Float16Array(base)) : base;
  return Float32Array.from({ length: count }, (_, i) => drawn[i % drawn.length]);
}
