/** One input through one decoder: nothing found, or what. */
import type { Clock } from "../../../src/base/clock.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { type AllocationMeter, HEAP_STEP_BYTES } from "./allocation_meter.ts";
import type { Decoder } from "./decoder.ts";

const MAX_DECODE_MS = 1000;

export interface Breach {
  readonly kind: "untyped-error" | "slow" | "allocation" | "hang" | "crash";
  /** The same for inputs that fail in the same way. */
  readonly signature: string;
  readonly detail: string;
}

export interface Tally {
  inputs: number;
  /** Decoded to a value. */
  accepted: number;
  /** Refused, by code. */
  readonly refused: Record<string, number>;
  slowestMs: number;
  largestArrayBytes: number;
}

export class Trial {
  readonly #decoder: Decoder;
  readonly #meter: AllocationMeter;
  readonly #clock: Clock;
  readonly tally: Tally = { inputs: 0, accepted: 0, refused: {}, slowestMs: 0, largestArrayBytes: 0 };

  constructor(decoder: Decoder, meter: AllocationMeter, clock: Clock) {
    this.#decoder = decoder;
    this.#meter = meter;
    this.#clock = clock;
  }

  /** Counts into `tally` unless it is a repetition. */
  async run(input: Uint8Array, isRepeated = false): Promise<Breach | undefined> {
    const allowedBytes = this.#decoder.allocationBytes(input.length);
    this.#meter.reset(allowedBytes);
    const startMs = this.#clock.monotonicMs();
    let thrown: unknown;
    let isAccepted = true;
    try {
      const result = this.#decoder.decode(input);
      if (result instanceof Promise) await result;
    } catch (error) {
      thrown = error;
      isAccepted = false;
    }
    const elapsedMs = this.#clock.monotonicMs() - startMs;
    const { askedBytes, isExceeded } = this.#meter;
    this.#meter.reset(Infinity);
    if (!isRepeated) this.#count(isAccepted, thrown, elapsedMs, askedBytes);
    if (isExceeded) {
      return {
        kind: "allocation",
        signature: "arrays",
        detail: `arrays of ${askedBytes} bytes for ${input.length} of input, at most ${allowedBytes} allowed`,
      };
    }
    if (!isAccepted && !(thrown instanceof SkeinError)) return untyped(thrown);
    if (elapsedMs <= MAX_DECODE_MS) return undefined;
    const detail = `${elapsedMs.toFixed(0)} ms, at most ${MAX_DECODE_MS} allowed`;
    return { kind: "slow", signature: "slow", detail };
  }

  /**
   * `run`, and what it put on the heap: for a batch that was found to allocate too much. The least of three, because
   * V8 compiles and moves things on the same heap when it likes.
   */
  async runAlone(input: Uint8Array): Promise<Breach | undefined> {
    let heapBytes = Infinity;
    const allowedBytes = this.#decoder.allocationBytes(input.length) + HEAP_STEP_BYTES;
    for (let k = 0; k < 3 && heapBytes > allowedBytes; k++) {
      const beforeBytes = this.#meter.heapBytes();
      const breach = await this.run(input, true);
      if (breach !== undefined) return breach;
      heapBytes = Math.min(heapBytes, this.#meter.heapBytes() - beforeBytes);
    }
    if (heapBytes <= allowedBytes) return undefined;
    return {
      kind: "allocation",
      signature: "heap",
      detail: `${heapBytes} bytes of heap for ${input.length} of input, at most ${allowedBytes} allowed`,
    };
  }

  #count(isAccepted: boolean, thrown: unknown, elapsedMs: number, askedBytes: number): void {
    const { tally } = this;
    tally.inputs++;
    tally.slowestMs = Math.max(tally.slowestMs, elapsedMs);
    tally.largestArrayBytes = Math.max(tally.largestArrayBytes, askedBytes);
    if (isAccepted) tally.accepted++;
    else if (thrown instanceof SkeinError) {
      tally.refused[thrown.code] = (tally.refused[thrown.code] ?? 0) + 1;
    }
  }
}

function untyped(thrown: unknown): Breach {
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const frames = stack.split("\n").slice(1, 6).map((line) => line.trim()).join(" < ");
  return {
    kind: "untyped-error",
    signature: `${name}: ${message.replace(/\d+/g, "#").slice(0, 80)}`,
    detail: `${name}: ${message.slice(0, 300)} ${frames}`,
  };
}
