/**
 * Profile events in the Trace Event Format (JSON), which chrome://tracing and ui.perfetto.dev open: one complete event a
 * dispatch, times in microseconds from the first, with shape, FLOP and bytes as arguments.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { ProfileEvent } from "./profile_record.ts";

export function chromeTrace(events: readonly ProfileEvent[], adapterName: string): string {
  const originUs = events.reduce((first, { startUs }) => Math.min(first, startUs), Infinity);
  const named = (name: string, value: string) => ({ name, ph: "M", pid: 1, tid: 1, args: { name: value } });
  const traceEvents = [
    named("process_name", adapterName),
    named("thread_name", "queue"),
    ...events.map(({ kernel, precision, work, submission, startUs, durationUs }) => ({
      name: kernel,
      cat: precision,
      ph: "X",
      pid: 1,
      tid: 1,
      ts: startUs - originUs,
      dur: durationUs,
      args: { submission, ...work },
    })),
  ];
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents });
}
