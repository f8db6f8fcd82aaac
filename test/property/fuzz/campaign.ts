/**
 * Fuzzes the decoders of a table one after the other in a worker that is watched: one that stays at an input for `hangMs`
 * is ended, and that input is the finding. A decoder's first finding ends its run, not the others', and its worker.
 */
import { toHex } from "../../../src/base/bytes.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { Decoder } from "./decoder.ts";
import type { Job, Report } from "./fuzz_worker.ts";
import { SharedProgress } from "./shared_progress.ts";
import type { Breach, Tally } from "./trial.ts";

/** Above a decoder's second, and above what the slowest set-up takes on a busy machine. */
const DEFAULT_HANG_MS = 10_000;
const START_MS = 60_000;
const POLL_MS = 50;

export interface CampaignOptions {
  /** URL of a module that exports `decoders(directory)`. */
  readonly table: string;
  readonly directory: string;
  readonly seed: number;
  /** Of each decoder of share 1. */
  readonly inputs: number;
  /** Only decoders whose name contains this. */
  readonly only?: string;
  readonly hangMs?: number;
}

export type Result =
  & { readonly decoder: string; readonly inputs: number; readonly seconds: number }
  & (
    | { readonly kind: "clean"; readonly tally: Tally }
    | { readonly kind: "finding"; readonly breach: Breach; readonly index: number; readonly hex: string }
  );

/** @param onResult of each decoder as it ends */
export async function campaign(
  options: CampaignOptions,
  clock: Clock,
  onResult: (result: Result) => void,
): Promise<Result[]> {
  const { table, directory, seed, only = "", hangMs = DEFAULT_HANG_MS } = options;
  const { decoders } = await import(table) as { decoders(directory: string): Promise<Decoder[]> };
  const chosen = (await decoders(directory)).filter(({ name }) => name.includes(only));
  const results: Result[] = [];
  let worker: WatchedWorker | undefined;
  for (const { name, share = 1 } of chosen) {
    const inputs = Math.max(1, Math.ceil(options.inputs * share));
    const startMs = clock.monotonicMs();
    worker ??= new WatchedWorker(hangMs, clock);
    const report = await worker.run({ table, directory, seed, decoder: name, inputs });
    const about = { decoder: name, inputs, seconds: (clock.monotonicMs() - startMs) / 1000 };
    let result: Result;
    if (report.type === "done") result = { ...about, kind: "clean", tally: report.tally };
    else {
      const { breach, index, input } = report;
      result = { ...about, kind: "finding", breach, index, hex: toHex(input) };
      worker.end();
      worker = undefined;
    }
    results.push(result);
    onResult(result);
  }
  worker?.end();
  return results;
}

class WatchedWorker {
  readonly #worker = new Worker(new URL("./fuzz_worker.ts", import.meta.url).href, { type: "module" });
  readonly #hangMs: number;
  readonly #clock: Clock;

  constructor(hangMs: number, clock: Clock) {
    this.#hangMs = hangMs;
    this.#clock = clock;
  }

  end(): void {
    this.#worker.terminate();
  }

  async run(job: Omit<Job, "shared">): Promise<Report> {
    const shared = SharedProgress.create();
    const progress = new SharedProgress(shared);
    const watching = new AbortController();
    const answer = new Promise<Report>((resolve) => {
      this.#worker.onmessage = (event: MessageEvent<Report>) => resolve(event.data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        resolve(finding("crash", event.message, progress));
      };
      this.#worker.postMessage({ ...job, shared } satisfies Job);
    });
    try {
      return await Promise.race([answer, this.#hung(progress, watching.signal)]);
    } finally {
      watching.abort();
    }
  }

  /** Resolves when the worker has been at one input for too long, or is no longer watched. */
  async #hung(progress: SharedProgress, signal: AbortSignal): Promise<Report> {
    let { beats } = progress;
    let sinceMs = this.#clock.monotonicMs();
    for (;;) {
      await this.#clock.sleep(POLL_MS);
      const waitedMs = this.#clock.monotonicMs() - sinceMs;
      const isHung = waitedMs > (progress.index < 0 ? START_MS : this.#hangMs);
      if (progress.beats !== beats) {
        beats = progress.beats;
        sinceMs = this.#clock.monotonicMs();
      } else if (isHung || signal.aborted) {
        return finding("hang", `no end in ${waitedMs.toFixed(0)} ms`, progress);
      }
    }
  }
}

/** What shows only from outside: the input is the one that the worker was at. */
function finding(kind: "hang" | "crash", detail: string, { index, input }: SharedProgress): Report {
  return { type: "finding", breach: { kind, signature: kind, detail }, index, input };
}
