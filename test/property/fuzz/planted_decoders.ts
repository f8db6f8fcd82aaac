/** Decoders that are wrong on purpose, one for each way to be wrong, and a right one. */
import { systemClock } from "../../../src/base/clock.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { type Decoder, flatBound } from "./decoder.ts";

const FAULTS: Readonly<Record<string, (input: Uint8Array) => unknown>> = {
  "right": (input) => input.slice(),
  "untyped-error": (input) => (input[7] === 0xff ? undefined as unknown as number[] : [1]).length,
  "slow": (input) => {
    const untilMs = systemClock.monotonicMs() + (input[3] === 0x7f ? 1100 : 0);
    while (systemClock.monotonicMs() < untilMs);
  },
  "hang": (input) => {
    while (input[3] === 0x80);
  },
  "allocation of arrays": (input) => new Float32Array(new DataView(input.buffer).getUint32(4, true)),
  "allocation of heap": (input) => {
    if (input[7] === 0xff) return Array.from({ length: 1e5 }, (_, i) => ({ i })).length;
  },
  "crash": (input) => {
    if (input[7] === 0xff) queueMicrotask(() => (input as unknown as number[][])[1e6][0]);
    return Promise.resolve();
  },
};

export async function decoders(): Promise<Decoder[]> {
  return Object.entries(FAULTS).map(([name, fault]) => ({
    name,
    format: "bytes",
    examples: [new Uint8Array(20).fill(1)],
    decode(input) {
      if (input.length < 8) throw new SkeinError("planted/short", "decode: too short");
      return fault(input);
    },
    allocationBytes: flatBound(),
  }));
}
