/** Results of `skein bench` for people. */
import type { AttentionBenchResult } from "../node/bench/attention_bench.ts";
import type { BenchSubject } from "../node/bench/bench_room.ts";
import type { MatmulBenchResult } from "../node/bench/matmul_bench.ts";
import type { KernelTuning, StepBenchResult } from "../node/bench/step_bench.ts";
import { alignColumns, formatRate, formatSeconds, formatShare } from "./columns.ts";
import { formatBytes } from "./present.ts";
import { renderProfile } from "./profile_table.ts";

export function renderMatmul({ rows, geometricMeanFlopsPerSec, ...subject }: MatmulBenchResult): string {
  const cells = rows.map(({ form, m, n, k, seconds, flopsPerSec, ceilingShare, relativeError, checksum }) => [
    `${form} ${m}×${n}×${k}`,
    formatSeconds(seconds),
    formatRate(flopsPerSec, "FLOP/s"),
    formatShare(ceilingShare),
    relativeError.toExponential(1),
    checksum.toPrecision(7),
  ]);
  return [
    describeSubject(subject),
    alignColumns(["product", "time", "rate", "of FMA", "error", "checksum"], cells),
    `geometric mean ${formatRate(geometricMeanFlopsPerSec, "FLOP/s")}`,
  ].join("\n");
}

export function renderAttention({ rows, ...result }: AttentionBenchResult): string {
  const { batchSize, contextLength, headCount, keyValueHeadCount, headSize } = result;
  const cells = rows.map((
    { pass, seconds, tokensPerSec, flopsPerSec, ceilingShare, relativeError, checksum },
  ) => [
    pass,
    formatSeconds(seconds),
    formatRate(tokensPerSec, "tokens/s"),
    formatRate(flopsPerSec, "FLOP/s"),
    formatShare(ceilingShare),
    relativeError.toExponential(1),
    checksum.toPrecision(7),
  ]);
  return [
    describeSubject(result),
    `batch ${batchSize}, context ${contextLength}, ${headCount} heads of ${headSize} over ${keyValueHeadCount}`,
    alignColumns(["pass", "time", "tokens", "rate", "of FMA", "error", "checksum"], cells),
  ].join("\n");
}

const TUNING: Readonly<Record<KernelTuning, string>> = {
  full: "matrix products tuned for this adapter",
  partial: "matrix products tuned for this adapter in part, the rest by the rule of thumb",
  none: "matrix products not tuned, by the rule of thumb",
};

export function renderStep(result: StepBenchResult): string {
  const { preset, parameters, batchSize, contextLength, steps, dispatches, deviceBytes } = result;
  return [
    describeSubject(result),
    `${preset}, ${
      (parameters / 1e6).toPrecision(3)
    } M parameters, batch ${batchSize}, context ${contextLength}: ` +
    `${dispatches} dispatches a step, ${formatBytes(deviceBytes)} of device memory`,
    TUNING[result.kernelTuning],
    `verified: the loss changes along its gradient as the gradient says, to ${
      formatShare(result.gradientError)
    }; ` +
    `over ${steps} steps on one batch it goes from ${result.firstLoss.toFixed(3)} to ${
      result.lastLoss.toFixed(3)
    }`,
    `${formatSeconds(result.secondsPerStep)} a step, ${Math.round(result.tokensPerSec)} tokens/s, ` +
    `${formatRate(result.flopsPerSec, "FLOP/s")}, ${
      formatShare(result.ceilingShare)
    } of the arithmetic ceiling`,
    ...(result.profile === undefined ? [] : ["", renderProfile(result.profile)]),
  ].join("\n");
}

export function describeSubject({ adapter, backend, precision, ceilings }: BenchSubject): string {
  const { flopsPerSec: { f32, f16 }, bytesPerSec } = ceilings;
  return `${adapter} [${backend}, ${precision}]: ceilings ${formatRate(f32, "FLOP/s")} in f32` +
    `${f16 === undefined ? "" : `, ${formatRate(f16, "FLOP/s")} in f16`} (fused multiply-adds), ` +
    `${formatRate(bytesPerSec, "B/s")} (copy, read and write)`;
}
