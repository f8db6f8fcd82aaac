/**
 * A profile set against the adapter's ceilings: for each kernel, or each of its shapes, the time of a step, its part of all,
 * the rates, and how near they are to the best possible. Structure only; the rooms above choose words and columns.
 */
import { type Ceilings, type CeilingShare, shareOfCeiling } from "./ceilings.ts";
import type { Precision } from "./precision.ts";
import type { ProfileRow, ProfileSample } from "./profile_record.ts";

export interface ProfileLine {
  readonly kernel: string;
  readonly precision: Precision;
  /** Empty in a line that stands for all shapes of a kernel. */
  readonly shape: string;
  readonly callsPerStep: number;
  readonly secondsPerStep: number;
  /** Of the time of all lines. */
  readonly timeShare: number;
  readonly flopsPerSec: number;
  readonly bytesPerSec: number;
  readonly ceiling: CeilingShare;
}

export interface ProfileReport {
  readonly steps: number;
  readonly secondsPerStep: number;
  readonly flopsPerStep: number;
  readonly flopsPerSec: number;
  /** Part of the kernels' time that the adapter would need if each of them ran at its ceiling. */
  readonly ceilingShare: number;
  /** Longest first. */
  readonly kernels: readonly ProfileLine[];
  readonly shapes: readonly ProfileLine[];
  /** Why the times are not to be believed; empty when nothing speaks against them. */
  readonly doubt: string;
}

/** Clocks of device and host may differ by a little; more than this and one of them is wrong. */
const MAX_CLOCK_RATIO = 1.1;

/** @param steps of training that the sample covers, by which its sums are divided */
export function reportProfile(sample: ProfileSample, steps: number, ceilings: Ceilings): ProfileReport {
  const line = (row: ProfileRow): ProfileLine => ({
    kernel: row.kernel,
    precision: row.precision,
    shape: row.shape,
    callsPerStep: row.calls / steps,
    secondsPerStep: row.seconds / steps,
    timeShare: row.seconds / sample.seconds,
    flopsPerSec: row.flops / row.seconds,
    bytesPerSec: row.bytes / row.seconds,
    ceiling: shareOfCeiling(row, row.seconds, ceilings),
  });
  const shapes = sample.rows.map(line);
  const flops = sample.rows.reduce((sum, row) => sum + row.flops, 0);
  return {
    steps,
    secondsPerStep: sample.seconds / steps,
    flopsPerStep: flops / steps,
    flopsPerSec: flops / sample.seconds,
    ceilingShare: shapes.reduce((sum, { ceiling, timeShare }) => sum + ceiling.share * timeShare, 0),
    kernels: byKernel(sample.rows).map(line),
    shapes,
    doubt: doubtOf(sample),
  };
}

function byKernel(rows: readonly ProfileRow[]): ProfileRow[] {
  const sums = new Map<string, ProfileRow>();
  for (const row of rows) {
    const key = `${row.kernel} ${row.precision}`;
    const sum = sums.get(key);
    sums.set(key, {
      kernel: row.kernel,
      precision: row.precision,
      shape: "",
      arithmetic: row.arithmetic,
      calls: (sum?.calls ?? 0) + row.calls,
      seconds: (sum?.seconds ?? 0) + row.seconds,
      flops: (sum?.flops ?? 0) + row.flops,
      bytes: (sum?.bytes ?? 0) + row.bytes,
    });
  }
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}

function doubtOf({ rows, seconds, hostSeconds, backwards }: ProfileSample): string {
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  if (backwards > 0) {
    return `${backwards} of ${calls} dispatches ended before they began by the device's clock`;
  }
  if (calls > 0 && seconds === 0) return `the device's clock stood still over ${calls} dispatches`;
  if (seconds <= MAX_CLOCK_RATIO * hostSeconds) return "";
  return `the device's clock counted ${seconds.toPrecision(3)} s while the host's counted ` +
    `${hostSeconds.toPrecision(3)} s`;
}
