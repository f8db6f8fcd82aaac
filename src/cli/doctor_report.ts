/** What `skein doctor` found, for people. */
import type { AdapterReport, DoctorReport } from "../node/doctor.ts";
import type { ModelFit } from "../node/model_fit.ts";
import { alignColumns, formatRate } from "./columns.ts";
import { formatBytes } from "./present.ts";

export function renderDoctor(report: DoctorReport, version: string): string {
  const { host, adapter, numerics, ceilings, models, advice, fit } = report;
  const lines = [
    `skein ${version} on Deno ${host.deno} (V8 ${host.v8}), ${host.os} ${host.osRelease} ${host.arch}`,
    `${host.cores} cores: ${host.processor}, ${formatBytes(host.memoryBytes)} of memory, ` +
    `${formatBytes(host.freeMemoryBytes)} free`,
  ];
  if (adapter !== null) lines.push(...describeAdapter(adapter));
  lines.push(...host.drivers.map((driver) => `driver    ${driver}`));
  if (numerics !== null) {
    const { f32, f16 } = numerics;
    lines.push(
      `numerics  f32 ${describeGate(f32)}; f16 ${f16 === null ? "not offered" : describeGate(f16)}`,
    );
  }
  if (ceilings !== null) {
    const { flopsPerSec, bytesPerSec } = ceilings;
    const f16 = flopsPerSec.f16 === undefined ? "" : `, ${formatRate(flopsPerSec.f16, "FLOP/s")} in f16`;
    lines.push(
      `ceilings  ${formatRate(flopsPerSec.f32, "FLOP/s")} in f32${f16} (fused multiply-adds), ` +
        `${formatRate(bytesPerSec, "B/s")} (copy, read and write counted)`,
    );
  }
  if (models !== null) lines.push("", renderModels(models));
  lines.push("", ...advice.map((each) => `- ${each}`), fit ? "fit to train" : "not fit to train");
  return lines.join("\n");
}

function describeAdapter({ name, backend, api, subgroupSizes, features, limits }: AdapterReport): string[] {
  const list = (granted: boolean) =>
    features.filter((feature) => feature.granted === granted).map((feature) => feature.name).join(", ") ||
    "none";
  const [smallest, largest] = subgroupSizes;
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = limits;
  return [
    `adapter   ${name} [${backend}], through ${api}`,
    `features  ${list(true)}; without: ${list(false)}`,
    `limits    buffers of ${formatBytes(maxBufferSize)}, bindings of ${
      formatBytes(maxStorageBufferBindingSize)
    }, ` +
    `${limits.maxStorageBuffersPerShaderStage} of them a kernel, workgroups of ` +
    `${limits.maxComputeInvocationsPerWorkgroup} with ${formatBytes(maxComputeWorkgroupStorageSize)}` +
    (largest > 0 ? `, subgroups of ${smallest === largest ? largest : `${smallest} to ${largest}`}` : ""),
  ];
}

function describeGate(
  { passed, relativeError, reason }: { passed: boolean; relativeError: number; reason: string },
) {
  return passed ? `passed (relative error ${relativeError.toExponential(1)})` : `failed: ${reason}`;
}

function renderModels(models: readonly ModelFit[]): string {
  const bytes = (count: number | null) => count === null ? "exceeds limits" : formatBytes(count);
  const rows = models.map(({ preset, precision, batchSize, bytes: whole, recomputedBytes, largestBatch }) => [
    preset,
    precision,
    String(batchSize),
    bytes(whole),
    bytes(recomputedBytes),
    largestBatch === null ? "–" : String(largestBatch),
  ]);
  const headings = ["model", "precision", "batch", "device memory", "layers recomputed", "largest batch"];
  return alignColumns(headings, rows, 2);
}
