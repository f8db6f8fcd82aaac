/** Text in columns: the first to the left, numbers to the right. */

/** @param rightFrom the first column that is aligned to the right */
export function alignColumns(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  rightFrom = 1,
): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => i < rightFrom ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
      .trimEnd();
  return [headings, ...rows].map(line).join("\n");
}

/** A rate in the unit that suits it: 1.23 GFLOP/s, 456 MB/s; a dash for none. */
export function formatRate(perSec: number, unit: string): string {
  if (!(perSec > 0) || !Number.isFinite(perSec)) return "–";
  const scales = [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]] as const;
  const [prefix, scale] = scales.find(([, scale]) => perSec >= scale) ?? ["", 1];
  return `${(perSec / scale).toPrecision(3)} ${prefix}${unit}`;
}

export function formatShare(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : "–";
}

/** Seconds in milliseconds, or in microseconds below one. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(4)} s`;
  return seconds >= 1e-3 ? `${(seconds * 1e3).toPrecision(4)} ms` : `${(seconds * 1e6).toPrecision(3)} µs`;
}
