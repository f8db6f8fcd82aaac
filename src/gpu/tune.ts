/**
 * Which of several plans that compute the same is the fastest on this device. Each is run once and its result compared with
 * that of the first that runs, the plainest; one that differs, or that the driver refuses, is dropped and said so, and the device
 * is as good as before. Then the stopwatch says how long each takes: the best time counts, because whatever disturbs a
 * measurement only ever makes it longer.
 */
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { relativeDistance } from "../base/relative_distance.ts";
import type { Binding } from "./buffers.ts";
import type { DispatchPlan } from "./dispatch_plan.ts";
import type { Gpu } from "./gpu.ts";

export interface Candidate {
  readonly name: string;
  /** Recorded when it is its turn, because recording compiles. */
  record(): DispatchPlan;
  /** What its arithmetic may leave beyond the contest's error: nothing by default. */
  readonly relativeError?: number;
}

export interface Contest {
  /** For the log. */
  readonly label: string;
  /** The plainest first: the others are compared with it. */
  readonly candidates: readonly Candidate[];
  /** What all of them write. */
  readonly result: Binding;
  /** ‖difference‖ / ‖first's result‖ that other orders of summation and the storage's rounding explain. */
  readonly maxRelativeError: number;
}

interface Sound {
  readonly name: string;
  readonly plan: DispatchPlan;
}

/** @returns the name of the fastest, with its milliseconds a run; undefined when none can be run, or none be timed */
export async function fastest(
  gpu: Gpu,
  contest: Contest,
  { clock, log }: { clock: Clock; log: Log },
): Promise<{ name: string; ms: number } | undefined> {
  const candidates = await soundOnes(gpu, contest, log);
  const stopwatch = gpu.stopwatch(clock);
  let best: { name: string; ms: number } | undefined;
  try {
    for (const { name, plan } of candidates) {
      try {
        const ms = await stopwatch.bestSeconds(plan) * 1000;
        if (best === undefined || ms < best.ms) best = { name, ms };
      } catch (error) {
        if (!isSkeinError(error, "gpu/no-time")) throw error;
        log.warn(
          `tune ${contest.label}: ${name} cannot be timed (${error.message}), it is not used on this adapter`,
        );
      }
    }
    // A fault of the device would have made these times meaningless.
    await gpu.read({ ...contest.result, byteLength: 4, elements: 1 });
  } finally {
    stopwatch.destroy();
  }
  return best;
}

/** Those that the driver takes and that agree with the first of them. */
async function soundOnes(
  gpu: Gpu,
  { label, candidates, result, maxRelativeError }: Contest,
  log: Log,
): Promise<Sound[]> {
  let reference: { name: string; values: Float32Array } | undefined;
  const sound: Sound[] = [];
  for (const candidate of candidates) {
    const { name, relativeError = 0 } = candidate;
    const allowed = maxRelativeError + relativeError;
    // What an earlier candidate wrote must not pass for this one's result.
    gpu.write(result.buffer, new Float32Array(result.elements).fill(NaN), result.offsetBytes);
    const run = await tryOut(gpu, candidate);
    if ("refusal" in run) {
      log.warn(`tune ${label}: the driver refuses ${name} (${run.refusal}), it is not used on this adapter`);
      continue;
    }
    const values = await gpu.readF32(result);
    reference ??= { name, values };
    const error = relativeDistance(values, reference.values);
    if (error <= allowed) sound.push({ name, plan: run.plan });
    else {
      log.warn(
        `tune ${label}: ${name} differs from ${reference.name} by ${error} of its norm, at most ` +
          `${allowed} is explained by rounding; it is not used on this adapter`,
      );
    }
  }
  return sound;
}

/** Records and submits, in a scope of its own: what the device has against it is no fault of the device. */
async function tryOut(
  gpu: Gpu,
  candidate: Candidate,
): Promise<{ plan: DispatchPlan } | { refusal: string }> {
  let plan: DispatchPlan | undefined;
  let tooLarge: string | undefined;
  const refusal = await gpu.capture(() => {
    try {
      plan = candidate.record();
      gpu.submit(plan);
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      tooLarge = error.message;
    }
  });
  if (plan !== undefined && refusal === undefined && tooLarge === undefined) return { plan };
  return { refusal: tooLarge ?? refusal! };
}
