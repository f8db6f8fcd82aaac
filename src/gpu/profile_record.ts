/** What a profile has seen: totals of each kernel at each shape, and the first events for a trace. */
import type { DispatchFacts } from "./dispatch_plan.ts";
import type { Precision } from "./precision.ts";

export interface ProfileEvent extends Omit<DispatchFacts, "kernel"> {
  readonly kernel: string;
  /** Counted from 0. */
  readonly submission: number;
  /** Of the clock that the profile's times are from, device or host. */
  readonly startUs: number;
  readonly durationUs: number;
}

export interface ProfileRow extends Omit<DispatchFacts, "kernel" | "work"> {
  readonly kernel: string;
  readonly shape: string;
  readonly arithmetic: Precision;
  readonly calls: number;
  readonly seconds: number;
  /** Sums over all calls. */
  readonly flops: number;
  readonly bytes: number;
}

export interface ProfileSample {
  /** Longest first. */
  readonly rows: readonly ProfileRow[];
  readonly submissions: number;
  /** Sum of the rows' seconds. */
  readonly seconds: number;
  /** The host's seconds in which something was submitted and not yet done; includes up to 11 ms a wait in Deno. */
  readonly hostSeconds: number;
  /** Dispatches whose end came before their beginning: counted in calls, with no time. */
  readonly backwards: number;
}

type Totals = { -readonly [K in keyof ProfileRow]: ProfileRow[K] };

export class ProfileRecord {
  readonly #maxEvents: number;
  #events: ProfileEvent[] = [];
  #totals = new Map<string, Totals>();
  #submissions = 0;
  #hostSeconds = 0;
  #backwards = 0;

  /** @param maxEvents events beyond are counted and not kept */
  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  add(event: ProfileEvent): void {
    const { kernel, precision, work, durationUs } = event;
    const key = `${kernel} ${precision} ${work.shape}`;
    let totals = this.#totals.get(key);
    if (totals === undefined) {
      totals = {
        ...{ kernel, precision, shape: work.shape, arithmetic: work.arithmetic },
        ...{ calls: 0, seconds: 0, flops: 0, bytes: 0 },
      };
      this.#totals.set(key, totals);
    }
    totals.calls++;
    totals.flops += work.flops;
    totals.bytes += work.bytes;
    if (durationUs < 0) this.#backwards++;
    else totals.seconds += durationUs / 1e6;
    if (this.#events.length < this.#maxEvents && durationUs >= 0) this.#events.push(event);
  }

  addSubmission(hostSeconds: number): void {
    this.#submissions++;
    this.#hostSeconds += hostSeconds;
  }

  get events(): readonly ProfileEvent[] {
    return this.#events;
  }

  /** What was added since the last `take`. Events stay. */
  take(): ProfileSample {
    const rows = [...this.#totals.values()].sort((a, b) => b.seconds - a.seconds);
    const sample = {
      rows,
      submissions: this.#submissions,
      seconds: rows.reduce((sum, row) => sum + row.seconds, 0),
      hostSeconds: this.#hostSeconds,
      backwards: this.#backwards,
    };
    this.#totals = new Map();
    [this.#submissions, this.#hostSeconds, this.#backwards] = [0, 0, 0];
    return sample;
  }
}
