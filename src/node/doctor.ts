/**
 * `skein doctor`: what this machine brings to training, tried rather than believed: the adapter and how it is driven, optional
 * features, limits, arithmetic in both precisions, measured ceilings, and which models fit. Whatever is missing becomes advice;
 * what training cannot do without makes the machine unfit. A part that fails does not keep the others from being told.
 */
import { tmpdir } from "node:os";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError, type SkeinError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import {
  type BackendKind,
  type Ceilings,
  type CeilingSize,
  checkNumerics,
  type GateReport,
  type Gpu,
  KERNEL_SOURCES,
  measureCeilings,
  openDevice,
  WANTED_FEATURES,
  type WantedFeature,
} from "../gpu/mod.ts";
import { describeHost, graphicsApiOf, type HostFacts } from "./host_facts.ts";
import { type ModelFit, modelFits } from "./model_fit.ts";

export interface AdapterReport {
  readonly name: string;
  readonly backend: BackendKind;
  /** Vulkan, Metal, Direct3D 12 or OpenGL: follows from system and features, WebGPU does not say. */
  readonly api: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly subgroupSizes: readonly [number, number];
  readonly features: readonly { readonly name: WantedFeature; readonly granted: boolean }[];
  readonly limits: Readonly<Record<string, number>>;
}

/** `isLost` when trying it lost the device, and with it what was to be measured after. */
export type F16Report = GateReport & { readonly isLost?: boolean };

export interface DoctorReport {
  /** Nothing that training needs is missing. */
  readonly fit: boolean;
  /** What is missing or could be better, and what to do; the worst first. */
  readonly advice: readonly string[];
  readonly host: HostFacts;
  readonly adapter: AdapterReport | null;
  /** Null, like the parts below, when it could not be examined; the advice says why. */
  readonly numerics: { readonly f32: GateReport; readonly f16: F16Report | null } | null;
  readonly ceilings: Ceilings | null;
  readonly models: readonly ModelFit[] | null;
}

export interface DoctorDependencies {
  readonly clock: Clock;
  readonly open?: () => Promise<Gpu>;
  readonly host?: () => Promise<HostFacts>;
  readonly ceilingSize?: CeilingSize;
}

/** Deno whose WebGPU this was built and measured with; older ones lack features or answer differently. */
const REQUIRED_DENO = [2, 9] as const;

export async function examine(deps: DoctorDependencies): Promise<DoctorReport> {
  // Mesa's window-system code complains on stderr when this is unset, and it is never needed here.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const host = await (deps.host ?? describeHost)();
  const faults = hostFaults(host);
  const gpu = await (deps.open ?? (() => openDevice({ log: silentLog })))().catch((error) => {
    if (!isSkeinError(error)) throw error;
    faults.push(describeError(error));
  });
  if (gpu === undefined) {
    return { fit: false, advice: faults, host, adapter: null, numerics: null, ceilings: null, models: null };
  }
  try {
    return await examineAdapter(gpu, host, faults, deps);
  } finally {
    gpu.close();
  }
}

async function examineAdapter(
  gpu: Gpu,
  host: HostFacts,
  faults: string[],
  { clock, ceilingSize }: DoctorDependencies,
): Promise<DoctorReport> {
  const found: Findings = { faults: [...faults, ...limitFaults(gpu)], hints: adapterHints(gpu) };
  const numerics = await examineNumerics(gpu, found);
  // Whoever computes wrongly may also lose the device or fail in the middle of a measurement.
  const ceilings = numerics?.f32.passed && !numerics.f16?.isLost
    ? await attempt("measure ceilings", () => measureCeilings(gpu, clock, ceilingSize), (fault, error) => {
      if (isLoss(error)) found.faults.push(fault);
      else found.hints.unshift(fault);
    })
    : null;
  const models = await attempt("plan the presets", () => modelFits(gpu, host), (fault) => {
    found.faults.push(fault);
  });
  return {
    fit: found.faults.length === 0,
    advice: [...found.faults, ...found.hints],
    host,
    adapter: describeAdapter(gpu, host),
    numerics,
    ceilings,
    models,
  };
}

/** What training cannot do without, and what it can. */
interface Findings {
  readonly faults: string[];
  readonly hints: string[];
}

/** Null when `part` failed with an error of the machine's, of which `record` is told; mistakes of ours are thrown on. */
async function attempt<T>(
  what: string,
  part: () => T | Promise<T>,
  record: (fault: string, error: SkeinError) => void,
): Promise<T | null> {
  try {
    return await part();
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    record(`${what}: ${describeError(error)}`, error);
    return null;
  }
}

const isLoss = (error: SkeinError) => isSkeinError(error, "gpu/device-lost");

/** In f32 training must be able to compute; whatever happens in f16 only keeps it in f32. */
async function examineNumerics(gpu: Gpu, { faults, hints }: Findings): Promise<DoctorReport["numerics"]> {
  const f32 = await attempt("compute in f32", () => checkNumerics(gpu, "f32"), (fault) => faults.push(fault));
  if (f32 === null) return null;
  if (!f32.passed) faults.push(`compute in f32: ${f32.reason}, update the driver of ${gpu.adapterName}`);
  if (!gpu.has("shader-f16")) return { f32, f16: null };
  let loss = "";
  const f16 = await attempt("compute in f16", () => checkNumerics(gpu, "f16"), (_, error) => {
    loss = describeError(error);
  }) ?? { passed: false, relativeError: NaN, reason: loss, isLost: true };
  if (!f16.passed) hints.push(`compute in f16: ${f16.reason}, training stays in f32`);
  return { f32, f16 };
}

function describeAdapter(gpu: Gpu, host: HostFacts): AdapterReport {
  const { adapterName, backendKind, vendor, architecture, subgroupSizes, features } = gpu.facts;
  return {
    name: adapterName,
    backend: backendKind,
    api: graphicsApiOf(host.os, features),
    vendor,
    architecture,
    subgroupSizes,
    features: WANTED_FEATURES.map((name) => ({ name, granted: gpu.has(name) })),
    limits: gpu.deviceLimits,
  };
}

function hostFaults({ deno }: HostFacts): string[] {
  const [major, minor] = deno.split(".").map(Number);
  const [requiredMajor, requiredMinor] = REQUIRED_DENO;
  if (major > requiredMajor || (major === requiredMajor && minor >= requiredMinor)) return [];
  return [
    `run on Deno ${deno}: ${
      REQUIRED_DENO.join(".")
    } or newer is required, start with ./skein, which brings it`,
  ];
}

/** Storage buffers that the most demanding kernel binds. */
export function storageBuffersNeeded(): number {
  const counts = Object.values(KERNEL_SOURCES).map((source) => source.match(/var<storage/g)?.length ?? 0);
  return Math.max(...counts);
}

function limitFaults({ deviceLimits, adapterName }: Gpu): string[] {
  const found = deviceLimits.maxStorageBuffersPerShaderStage;
  const needed = storageBuffersNeeded();
  if (found >= needed) return [];
  return [
    `bind a kernel's tensors on ${adapterName}: ${found} storage buffers a stage, ${needed} are required, ` +
    "use another adapter or driver",
  ];
}

function adapterHints(gpu: Gpu): string[] {
  const hints = [];
  if (gpu.backendKind === "software" && !gpu.has("subgroups")) {
    hints.push(
      `${gpu.adapterName} lacks subgroups: its faster matrix products are not to be had, install a Vulkan driver`,
    );
  }
  if (gpu.backendKind === "software") {
    hints.push(
      `${gpu.adapterName} computes on the processor: fit for trying things out with pico and nano; for more, a GPU ` +
        "with a Vulkan driver",
    );
  }
  if (gpu.backendKind === "opengl") {
    hints.push(`${gpu.adapterName} is driven through OpenGL: no f16 and slower, install its Vulkan driver`);
  }
  if (gpu.backendKind === "hardware" && !gpu.has("shader-f16")) {
    hints.push(`${gpu.adapterName} offers no shader-f16: training stays in f32, a newer driver may have it`);
  }
  if (!gpu.has("timestamp-query")) {
    hints.push(`${gpu.adapterName} offers no timestamp-query: --profile times whole steps, not kernels`);
  }
  return hints;
}
