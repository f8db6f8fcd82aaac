/**
 * Seconds that work takes on the device, best of a few batches. Timed by the device's own timestamps where it has them: the
 * host's wait is coarse (Deno looks every 10 ms whether the device is done). Without them by the host's clock, less the
 * wait for an empty submission, over batches so long that what is left of it is small. A sample that is not above zero is
 * no measurement (the device's clock was set back, or the wait varied by more than the work takes) and does not count.
 */
import type { Clock } from "../base/clock.ts";
import type { DispatchPlan } from "./dispatch_plan.ts";
import { gpuError } from "./errors.ts";
import { TimestampPairs } from "./timestamps.ts";

const BATCH_SECONDS = 0.05;
const HOST_BATCH_SECONDS = 0.25;
const MAX_REPEATS = 500;
const MAX_HOST_REPEATS = 1 << 16;
/** A first sample may be far too short, so that no batch is made longer than this many times the one before. */
const MAX_GROWTH = 16;
const BATCHES = 3;

/** Encodes the work `repeats` times; `timestamps` belong into the pass that does it. */
type Encode = (
  encoder: GPUCommandEncoder,
  repeats: number,
  timestamps: GPUComputePassTimestampWrites | undefined,
) => void;

export class Stopwatch {
  #device: GPUDevice;
  #clock: Clock;
  #pairs: TimestampPairs | undefined;
  #emptySeconds: number | undefined;

  /** Use `Gpu.stopwatch`. */
  constructor(device: GPUDevice, clock: Clock, hasTimestamps: boolean) {
    this.#device = device;
    this.#clock = clock;
    this.#pairs = hasTimestamps ? new TimestampPairs(device, 1) : undefined;
  }

  /**
   * Of the plans, one after another, once. The first run, which may compile, does not count.
   * @throws `gpu/no-time`
   */
  bestSeconds(...plans: readonly DispatchPlan[]): Promise<number> {
    return this.#best((encoder, repeats, timestampWrites) => {
      const pass = encoder.beginComputePass(timestampWrites === undefined ? {} : { timestampWrites });
      for (let i = 0; i < repeats; i++) for (const plan of plans) plan.encode(pass);
      pass.end();
    });
  }

  destroy(): void {
    this.#pairs?.destroy();
    this.#pairs = undefined;
  }

  async #best(encode: Encode): Promise<number> {
    const [batchSeconds, maxRepeats] = this.#pairs === undefined
      ? [HOST_BATCH_SECONDS, MAX_HOST_REPEATS]
      : [BATCH_SECONDS, MAX_REPEATS];
    await this.#batch(encode, 1);
    let repeats = 1;
    let seconds = await this.#batch(encode, repeats);
    while (seconds < batchSeconds && repeats < maxRepeats) {
      const growth = seconds > 0 ? Math.min(MAX_GROWTH, 1.1 * batchSeconds / seconds) : MAX_GROWTH;
      repeats = Math.min(maxRepeats, Math.ceil(repeats * growth));
      seconds = await this.#batch(encode, repeats);
    }
    const samples = [seconds];
    while (samples.length < BATCHES) samples.push(await this.#batch(encode, repeats));
    const measured = samples.filter((sample) => sample > 0);
    if (measured.length > 0) return Math.min(...measured) / repeats;
    throw gpuError(
      "gpu/no-time",
      `time ${repeats} runs in a row: ${
        samples.join(", ")
      } seconds, more than zero required, measure a larger shape`,
      { samples, repeats },
    );
  }

  /** Seconds; zero or less when it could not be measured. */
  async #batch(encode: Encode, repeats: number): Promise<number> {
    const encoder = this.#device.createCommandEncoder();
    if (this.#pairs !== undefined) {
      encode(encoder, repeats, this.#pairs.writes(0));
      this.#pairs.resolve(encoder, 1);
      this.#device.queue.submit([encoder.finish()]);
      const [start, end] = await this.#pairs.read(1);
      return Number(end - start) / 1e9;
    }
    encode(encoder, repeats, undefined);
    const emptySeconds = this.#emptySeconds ??= await this.#emptyWait();
    return await this.#hostSeconds(encoder) - emptySeconds;
  }

  async #emptyWait(): Promise<number> {
    let least = Infinity;
    for (let i = 0; i < BATCHES; i++) {
      least = Math.min(least, await this.#hostSeconds(this.#device.createCommandEncoder()));
    }
    return least;
  }

  async #hostSeconds(encoder: GPUCommandEncoder): Promise<number> {
    const commands = encoder.finish();
    const startMs = this.#clock.monotonicMs();
    this.#device.queue.submit([commands]);
    await this.#device.queue.onSubmittedWorkDone();
    return (this.#clock.monotonicMs() - startMs) / 1000;
  }
}
