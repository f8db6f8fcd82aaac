/**
 * Profiling of a process that trains: the ceilings once, before; a report whenever one is asked for, on the steps since the
 * last; and a Chrome trace in a file at the end when one is wanted.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import {
  type Ceilings,
  chromeTrace,
  type Gpu,
  measureCeilings,
  type Profile,
  type ProfileReport,
  reportProfile,
} from "../gpu/mod.ts";

export type { ProfileLine, ProfileReport } from "../gpu/mod.ts";

export interface ProfileSessionOptions {
  /** File of the trace; none: no trace. */
  readonly tracePath?: string;
  /** Measured at the start when they are not given. */
  readonly ceilings?: Ceilings;
}

export interface ProfileSessionDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly writeText: (path: string, text: string) => Promise<void>;
}

/** A trace of this many dispatches takes about 40 MB; more does not open well in a browser. */
const MAX_TRACE_EVENTS = 200_000;

export class ProfileSession {
  #gpu: Gpu;
  #ceilings: Ceilings;
  #profile: Profile;
  #options: ProfileSessionOptions;
  #deps: ProfileSessionDependencies;
  #steps = 0;

  private constructor(
    gpu: Gpu,
    ceilings: Ceilings,
    options: ProfileSessionOptions,
    deps: ProfileSessionDependencies,
  ) {
    this.#gpu = gpu;
    this.#ceilings = ceilings;
    this.#options = options;
    this.#deps = deps;
    const maxEvents = options.tracePath === undefined ? 0 : MAX_TRACE_EVENTS;
    this.#profile = gpu.startProfile(deps.clock, { maxEvents });
    if (this.#profile.limitation !== undefined) deps.log.warn(this.#profile.limitation.message);
  }

  /** Measures the ceilings unless they are known, then times every dispatch until `end`. */
  static async start(
    gpu: Gpu,
    options: ProfileSessionOptions,
    deps: ProfileSessionDependencies,
  ): Promise<ProfileSession> {
    const ceilings = options.ceilings ?? await measureCeilings(gpu, deps.clock);
    return new ProfileSession(gpu, ceilings, options, deps);
  }

  /** To be called after each step. */
  stepped(): void {
    this.#steps++;
  }

  /** On the steps since the last report; undefined when there were none. Waits for the device. */
  async report(): Promise<ProfileReport | undefined> {
    const steps = this.#steps;
    if (steps === 0) return undefined;
    this.#steps = 0;
    return reportProfile(await this.#profile.take(), steps, this.#ceilings);
  }

  /** Reports to the log. */
  async tell(): Promise<void> {
    const report = await this.report();
    if (report !== undefined) this.#deps.log.emit({ event: "profile", ...report, ceilings: this.#ceilings });
  }

  /** Ends the profile and writes the trace. */
  async end(): Promise<void> {
    await this.#profile.take();
    this.#gpu.stopProfile();
    const { tracePath } = this.#options;
    if (tracePath === undefined) return;
    const { events } = this.#profile;
    await this.#deps.writeText(tracePath, chromeTrace(events, this.#gpu.adapterName));
    this.#deps.log.info(
      `wrote a trace of ${events.length} dispatches to ${tracePath}: open it in ui.perfetto.dev or chrome://tracing`,
    );
  }
}
