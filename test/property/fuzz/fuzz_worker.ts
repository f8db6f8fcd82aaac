/**
 * Runs decoders' inputs, one decoder a job, in a realm of its own, whose array constructors are metered. Before each input it writes
 * that input and its number to shared memory, so that whoever watches knows what it was at when it hung or died.
 */
import { systemClock } from "../../../src/base/clock.ts";
import { AllocationMeter, HEAP_STEP_BYTES } from "./allocation_meter.ts";
import type { Decoder } from "./decoder.ts";
import { Inputs } from "./inputs.ts";
import { minimise } from "./minimise.ts";
import { type Breach, type Tally, Trial } from "./trial.ts";
import { SharedProgress } from "./shared_progress.ts";

export interface Job {
  /** URL of a module that exports `decoders(directory)`. */
  readonly table: string;
  readonly directory: string;
  readonly decoder: string;
  readonly seed: number;
  readonly inputs: number;
  readonly shared: SharedArrayBuffer;
}

export type Report =
  | { readonly type: "finding"; readonly breach: Breach; readonly index: number; readonly input: Uint8Array }
  | { readonly type: "done"; readonly tally: Tally };

const BATCH = 64;
const meter = new AllocationMeter();
meter.install();

const post = (report: Report) => (self as unknown as Worker).postMessage(report);

async function fuzz(job: Job): Promise<void> {
  const { decoders } = await import(job.table) as { decoders(directory: string): Promise<Decoder[]> };
  const decoder = (await decoders(job.directory)).find(({ name }) => name === job.decoder)!;
  const inputs = new Inputs(decoder, job.seed);
  const trial = new Trial(decoder, meter, systemClock);
  const progress = new SharedProgress(job.shared);
  // Errors are made by the million: their stacks are looked at only when something was found.
  Error.stackTraceLimit = 0;
  for (let first = 0; first < job.inputs; first += BATCH) {
    const last = Math.min(first + BATCH, job.inputs);
    const found = await batch(decoder, inputs, trial, progress, first, last);
    if (found !== undefined) return await tell(found, trial, progress);
  }
  post({ type: "done", tally: trial.tally });
}

interface Found {
  readonly breach: Breach;
  readonly index: number;
  readonly input: Uint8Array;
}

async function batch(
  decoder: Decoder,
  inputs: Inputs,
  trial: Trial,
  progress: SharedProgress,
  first: number,
  last: number,
): Promise<Found | undefined> {
  const made: Uint8Array[] = [];
  for (let index = first; index < last; index++) made.push(inputs.at(index));
  const startBytes = meter.heapBytes();
  let allowedBytes = HEAP_STEP_BYTES;
  for (const [k, input] of made.entries()) {
    progress.begin(first + k, input);
    let breach = await trial.run(input);
    // A busy machine may have kept us waiting: only what is slow every time is slow.
    for (let repeat = 0; repeat < 3 && breach?.kind === "slow"; repeat++) {
      progress.begin(first + k, input);
      breach = await trial.run(input, true);
    }
    if (breach !== undefined) return { breach, index: first + k, input };
    allowedBytes += decoder.allocationBytes(input.length);
  }
  if (meter.heapBytes() - startBytes <= allowedBytes) return undefined;
  for (const [k, input] of made.entries()) {
    const breach = await trial.runAlone(input);
    if (breach !== undefined) return { breach, index: first + k, input };
    progress.begin(first + k, input);
  }
  return undefined;
}

async function tell({ breach, index, input }: Found, trial: Trial, progress: SharedProgress): Promise<void> {
  Error.stackTraceLimit = 10;
  let least = input;
  if (breach.kind !== "slow") {
    least = await minimise(input, async (candidate) => {
      progress.begin(index, candidate);
      const again = await trial.runAlone(candidate);
      return again?.kind === breach.kind && again.signature === breach.signature;
    });
  }
  const again = await trial.runAlone(least);
  post({ type: "finding", breach: again ?? breach, index, input: least });
}

self.addEventListener("message", (event) => void fuzz((event as MessageEvent<Job>).data));
