/**
 * Which of several plans that compute the same is the fastest on this device. Each is run once and its result compared with
 * the first's, the plainest; one that differs, or that the driver does not bear, is dropped and said so. Then they take turns, and the
 * best time of each counts, because whatever disturbs a measurement only ever makes it longer.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Binding } from "./buffers.ts";
import type { DispatchPlan } from "./dispatch_plan.ts";
import type { Gpu } from "./gpu.ts";

export interface Candidate {
  readonly name: string;
  /** Recorded when it is its turn, because recording compiles. */
  record(): DispatchPlan;
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

const TURNS = 3;
const TURN_MS = 20;
const MAX_REPEATS = 64;

/** @returns the name of the fastest, with its milliseconds a run; undefined when not even the first can be run */
export async function fastest(
  gpu: Gpu,
  { label, candidates, result, maxRelativeError }: Contest,
  { clock, log }: { clock: Clock; log: Log },
): Promise<{ name: string; ms: number } | undefined> {
  let reference: Float32Array | undefined;
  const sound: { name: string; plan: DispatchPlan; bestMs: number }[] = [];
  for (const candidate of candidates) {
    const plan = candidate.record();
    // What an earlier candidate wrote must not pass for this one's result.
    gpu.write(result.buffer, new Float32Array(result.elements).fill(NaN), result.offsetBytes);
    gpu.submit(plan);
    const values = await gpu.readF32(result);
    reference ??= values;
    const error = relativeError(values, reference);
    if (error <= maxRelativeError) sound.push({ name: candidate.name, plan, bestMs: Infinity });
    else {
      log.warn(
        `tune ${label}: ${candidate.name} differs from ${
          candidates[0].name
        } by ${error} of its norm, at most ` +
          `${maxRelativeError} is explained by rounding; it is not used on this adapter`,
      );
    }
  }
  const time = async (plan: DispatchPlan, repeats: number) => {
    const startMs = clock.monotonicMs();
    gpu.submit(...Array(repeats).fill(plan));
    await gpu.read({ ...result, byteLength: 4, elements: 1 });
    return (clock.monotonicMs() - startMs) / repeats;
  };
  if (sound.length === 0) return undefined;
  const repeats = Math.min(MAX_REPEATS, Math.max(1, Math.ceil(TURN_MS / await time(sound[0].plan, 1))));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const each of sound) each.bestMs = Math.min(each.bestMs, await time(each.plan, repeats));
  }
  const { name, bestMs } = sound.reduce((best, each) => each.bestMs < best.bestMs ? each : best);
  return { name, ms: bestMs };
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
