/** Measurements as a table: rate, and its share of the ceiling that the run measured. */
import type { Ceilings } from "../src/gpu/mod.ts";
import type { Measurement } from "./measure.ts";

const HEADINGS = ["kernel", "shape", "time", "rate", "of ceiling", "error", "checksum"];

export function describeRate({ seconds, work }: Measurement, ceilings: Ceilings): [string, string] {
  const [perSec, ceiling, unit] = "flops" in work
    ? [work.flops / seconds, ceilings.flopsPerSec.f32, "GFLOP/s"]
    : [work.bytes / seconds, ceilings.bytesPerSec, "GB/s"];
  return [`${(perSec / 1e9).toFixed(2)} ${unit}`, `${((100 * perSec) / ceiling).toFixed(0)} %`];
}

export function renderRates(rows: readonly Measurement[], ceilings: Ceilings, adapterName: string): string {
  const cells = rows.map((row) => [
    row.kernel,
    row.shape,
    `${(row.seconds * 1e3).toFixed(3)} ms`,
    ...describeRate(row, ceilings),
    row.relativeError.toExponential(1),
    row.checksum.toPrecision(7),
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  return [
    `${adapterName}: ceilings, the better of before and after this run, are ${
      (ceilings.flopsPerSec.f32 / 1e9).toFixed(1)
    } GFLOP/s (fused ` +
    `multiply-adds on registers) and ${
      (ceilings.bytesPerSec / 1e9).toFixed(1)
    } GB/s (copy, read and write counted)`,
    line(HEADINGS),
    ...cells.map(line),
    "A share above 100 % means that the tensors stay in a cache that the copy's do not fit.",
  ].join("\n");
}
