/** A profile as text: all kernels, then the shapes that take longest. */
import type { ProfileLine, ProfileReport } from "../node/profile_session.ts";
import { alignColumns, formatRate, formatSeconds, formatShare } from "./columns.ts";

const HEADINGS = ["kernel", "calls", "a step", "of all", "arithmetic", "traffic", "of ceiling", "bound by"];
const SHAPE_COUNT = 12;

export function renderProfile(report: ProfileReport): string {
  const { steps, secondsPerStep, flopsPerSec, ceilingShare, kernels, shapes, doubt } = report;
  const parts = [
    `kernels' time a step, over ${steps} steps: ${formatSeconds(secondsPerStep)}, ${
      formatRate(flopsPerSec, "FLOP/s")
    }, ${formatShare(ceilingShare)} of what the ceilings allow`,
    table(kernels, (line) => name(line)),
  ];
  if (shapes.length > kernels.length) {
    const longest = shapes.slice(0, SHAPE_COUNT);
    parts.push(
      `the ${longest.length} longest of ${shapes.length} shapes:`,
      table(longest, (line) => `${name(line)}: ${shorten(line.shape)}`),
    );
  }
  if (shapes.some(({ ceiling: { share, bound } }) => bound === "bandwidth" && share > 1)) {
    parts.push("above 100 %: tensors stay in a cache, which the copy that measures the ceiling does not fit");
  }
  if (doubt !== "") parts.push(`do not trust these times: ${doubt}`);
  return parts.join("\n");
}

function table(lines: readonly ProfileLine[], label: (line: ProfileLine) => string): string {
  const rows = lines.map((line) => [
    label(line),
    String(Number(line.callsPerStep.toFixed(1))),
    formatSeconds(line.secondsPerStep),
    formatShare(line.timeShare),
    formatRate(line.flopsPerSec, "FLOP/s"),
    formatRate(line.bytesPerSec, "B/s"),
    formatShare(line.ceiling.share),
    line.ceiling.bound,
  ]);
  return alignColumns(HEADINGS, rows);
}

function name({ kernel, precision }: ProfileLine): string {
  return precision === "f32" ? kernel : `${kernel} ${precision}`;
}

function shorten(shape: string): string {
  return shape.length > 44 ? `${shape.slice(0, 43)}…` : shape;
}
