/**
 * Time of each dispatch while a profile is on. Every dispatch becomes a pass of its own between two timestamps of the
 * device; results come back by themselves, so the work that is measured never waits for its measurement. Passes cost
 * something (20 to 80 µs each on llvmpipe, which lies between the timestamps and is not counted): a profiled step
 * is a little slower than a bare one, its kernels are not. When no profile is on, nothing of this runs.
 *
 * An adapter without timestamps gives the host's time of each submission as a whole, and a `limitation` to tell.
 */
import type { Clock } from "../base/clock.ts";
import type { SkeinError } from "../base/errors.ts";
import type { DispatchFacts, DispatchPlan } from "./dispatch_plan.ts";
import { gpuError } from "./errors.ts";
import { type ProfileEvent, ProfileRecord, type ProfileSample } from "./profile_record.ts";
import { MAX_TIMESTAMP_PAIRS, TimestampPairs } from "./timestamps.ts";

export interface ProfileOptions {
  readonly adapterName: string;
  readonly hasTimestamps: boolean;
  /** Events to keep for a trace. */
  readonly maxEvents: number;
}

/** A span of dispatches of one submission that share a set of queries. */
interface Span {
  readonly pairs: TimestampPairs;
  readonly facts: readonly DispatchFacts[];
}

export class Profile {
  /** Why there is no time per kernel, `gpu/no-timestamps`; undefined when there is. */
  readonly limitation: SkeinError | undefined;
  #device: GPUDevice;
  #clock: Clock;
  #record: ProfileRecord;
  #free: TimestampPairs[] = [];
  #isOver = false;
  #pending: Promise<void> = Promise.resolve();
  #failure: unknown;
  #submissionCount = 0;
  #doneMs = 0;

  /** Use `Gpu.startProfile`. */
  constructor(device: GPUDevice, clock: Clock, { adapterName, hasTimestamps, maxEvents }: ProfileOptions) {
    this.#device = device;
    this.#clock = clock;
    this.#record = new ProfileRecord(maxEvents);
    this.limitation = hasTimestamps ? undefined : gpuError(
      "gpu/no-timestamps",
      `profile kernels on ${adapterName}: the adapter has no timestamp-query, which the time of a kernel takes, ` +
        "each submission is timed as a whole by the host instead",
      { adapter: adapterName },
    );
  }

  /** Encodes and submits, in place of the unprofiled way. */
  submit(plans: readonly DispatchPlan[]): void {
    const submission = this.#submissionCount++;
    const startMs = this.#clock.monotonicMs();
    const encoder = this.#device.createCommandEncoder();
    const spans = this.limitation === undefined ? this.#encodeTimed(encoder, plans) : [];
    if (this.limitation !== undefined) encodeWhole(encoder, plans);
    this.#device.queue.submit([encoder.finish()]);
    const facts = plans.flatMap((plan) => plan.facts);
    const done = spans.length > 0
      ? Promise.all(spans.map((span) => this.#collect(span, submission)))
      : this.#device.queue.onSubmittedWorkDone();
    this.#pending = Promise.all([this.#pending, done]).then(() => {
      const endMs = this.#clock.monotonicMs();
      const busyMs = endMs - Math.max(startMs, this.#doneMs);
      this.#doneMs = endMs;
      this.#record.addSubmission(busyMs / 1000);
      const isUntimed = this.limitation !== undefined && facts.length > 0;
      if (isUntimed) this.#record.add(wholeSubmission(facts, submission, endMs - busyMs, busyMs));
    }).catch((error) => {
      this.#failure ??= error;
    });
  }

  /**
   * Waits for the times of everything submitted so far. @returns what has come since the last call
   * @throws `gpu/fault` when timestamps could not be read back
   */
  async take(): Promise<ProfileSample> {
    await this.#pending;
    if (this.#failure !== undefined) {
      throw gpuError("gpu/fault", "read the timestamps of a profile back: failed", {}, this.#failure);
    }
    return this.#record.take();
  }

  /** The first events since the start, at most as many as were asked for; complete after `take`. */
  get events(): readonly ProfileEvent[] {
    return this.#record.events;
  }

  /** Frees the queries, those under way when they have arrived. Use `Gpu.stopProfile`. */
  destroy(): void {
    this.#isOver = true;
    for (const pairs of this.#free) pairs.destroy();
    this.#free = [];
  }

  #encodeTimed(encoder: GPUCommandEncoder, plans: readonly DispatchPlan[]): Span[] {
    const spans: Span[] = [];
    const dispatches = plans.flatMap((plan) => plan.facts.map((facts, index) => ({ plan, facts, index })));
    for (let from = 0; from < dispatches.length; from += MAX_TIMESTAMP_PAIRS) {
      const part = dispatches.slice(from, from + MAX_TIMESTAMP_PAIRS);
      const pairs = this.#pairsFor(part.length);
      part.forEach(({ plan, index }, i) => {
        const pass = encoder.beginComputePass({ timestampWrites: pairs.writes(i) });
        plan.encode(pass, index, index + 1);
        pass.end();
      });
      pairs.resolve(encoder, part.length);
      spans.push({ pairs, facts: part.map(({ facts }) => facts) });
    }
    return spans;
  }

  async #collect({ pairs, facts }: Span, submission: number): Promise<void> {
    const times = await pairs.read(facts.length);
    if (this.#isOver) pairs.destroy();
    else this.#free.push(pairs);
    facts.forEach((each, i) => {
      const [start, end] = [times[2 * i], times[2 * i + 1]];
      const [startUs, durationUs] = [Number(start) / 1000, Number(end - start) / 1000];
      this.#record.add({ ...each, submission, startUs, durationUs: end < start ? -1 : durationUs });
    });
  }

  #pairsFor(count: number): TimestampPairs {
    const index = this.#free.findIndex(({ capacity }) => capacity >= count);
    if (index >= 0) return this.#free.splice(index, 1)[0];
    return new TimestampPairs(this.#device, count);
  }
}

function encodeWhole(encoder: GPUCommandEncoder, plans: readonly DispatchPlan[]): void {
  const pass = encoder.beginComputePass();
  for (const plan of plans) plan.encode(pass);
  pass.end();
}

function wholeSubmission(
  facts: readonly DispatchFacts[],
  submission: number,
  startMs: number,
  durationMs: number,
): ProfileEvent {
  const sum = (of: "flops" | "bytes") => facts.reduce((total, { work }) => total + work[of], 0);
  return {
    kernel: `submission of ${facts.length} dispatches`,
    precision: facts[0]?.precision ?? "f32",
    work: { flops: sum("flops"), bytes: sum("bytes"), arithmetic: "f32", shape: "" },
    submission,
    startUs: startMs * 1000,
    durationUs: durationMs * 1000,
  };
}
