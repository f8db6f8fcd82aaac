/**
 * The SIMD loops of the u8 codec against their scalar twin: the same bits first, then how much faster; the bound is
 * copying as many bytes, since what does not fit the cache has to come from memory.
 */
import { Buffer } from "node:buffer";
import { Random } from "../src/base/random.ts";
import { firstNonFinite } from "../src/codec/float_bits.ts";
import { u8Blockwise } from "../src/codec/u8_blockwise.ts";
import * as twin from "../src/reference/u8_blockwise.ts";

const MEMBERS = 8;

export interface TwinRate {
  readonly loop: string;
  /** Of the best run, an element. */
  readonly nanoseconds: number;
  readonly twinNanoseconds: number;
  /** Copying as many bytes as the loop reads and writes. */
  readonly copyNanoseconds: number;
}

interface Loop {
  readonly name: string;
  /** Read and written an element, by what leaves the cache. */
  readonly bytes: number;
  ours(chunk: number): ArrayBufferView | number;
  twin(chunk: number): ArrayBufferView | number;
}

/**
 * Times a tensor of `elements`, chunk after chunk as a round takes it.
 * @throws when a loop and its twin differ in a bit
 */
export function compareWithTwin(elements: number, chunkElements: number, runs: number): TwinRate[] {
  const random = new Random(21);
  const values = Float32Array.from({ length: elements }, () => random.nextNormal() * 1e-3);
  const chunks = Math.ceil(elements / chunkElements);
  const each = (work: (chunk: number) => unknown) => () => {
    for (let chunk = 0; chunk < chunks; chunk++) work(chunk);
  };
  const copy = values.slice();
  const copyMsAByte = bestMs(runs, () => copy.set(values)) / (8 * elements);
  return loopsOf(values, chunkElements).map(({ name, bytes, ours, twin }) => {
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (!sameBits(ours(chunk), twin(chunk))) {
        throw new Error(`compare ${name} of chunk ${chunk}: bits differ from the twin's, the same required`);
      }
    }
    return {
      loop: name,
      nanoseconds: bestMs(runs, each(ours)) / elements * 1e6,
      twinNanoseconds: bestMs(runs, each(twin)) / elements * 1e6,
      copyNanoseconds: copyMsAByte * bytes * 1e6,
    };
  });
}

function loopsOf(values: Float32Array, chunkElements: number): Loop[] {
  const cut = (whole: Float32Array, chunk: number) =>
    whole.subarray(chunk * chunkElements, (chunk + 1) * chunkElements);
  const input = (chunk: number) => cut(values, chunk);
  const encodings: Uint8Array[] = [];
  for (let at = 0; at < values.length; at += chunkElements) {
    encodings.push(twin.u8Encode(values.subarray(at, at + chunkElements)));
  }
  const [output, twinOutput] = [new Float32Array(values.length), new Float32Array(values.length)];
  const [sum, twinSum] = [new Float32Array(values.length), new Float32Array(values.length)];
  const shares = Array<number>(MEMBERS).fill(1 / MEMBERS);
  const into = (target: Float32Array, work: (target: Float32Array) => void) => {
    work(target);
    return target;
  };
  /** The members' chunks are any of ours that are as long, so that they do not all lie in the cache. */
  const members = (chunk: number) =>
    shares.map((_, i) => encodings[(chunk + i) % encodings.length])
      .map((other) => other.length === encodings[chunk].length ? other : encodings[chunk]);
  return [
    {
      name: "scan for non-finite values",
      bytes: 4,
      ours: (chunk) => firstNonFinite(input(chunk)),
      twin: (chunk) => twin.firstNonFinite(input(chunk)),
    },
    {
      name: "encode",
      bytes: 5,
      ours: (chunk) => u8Blockwise.encode(input(chunk)),
      twin: (chunk) => twin.u8Encode(input(chunk)),
    },
    {
      name: "decode",
      bytes: 5,
      ours: (chunk) => into(cut(output, chunk), (to) => u8Blockwise.decodeInto(encodings[chunk], to)),
      twin: (chunk) => into(cut(twinOutput, chunk), (to) => twin.u8DecodeInto(encodings[chunk], to)),
    },
    {
      name: "add to a sum",
      bytes: 9,
      ours: (chunk) => into(cut(sum, chunk), (to) => u8Blockwise.accumulate(encodings[chunk], 0.25, to)),
      twin: (chunk) => into(cut(twinSum, chunk), (to) => twin.u8Accumulate(encodings[chunk], 0.25, to)),
    },
    {
      name: `mean of ${MEMBERS}`,
      bytes: MEMBERS + 1,
      ours: (chunk) => u8Blockwise.mean!(members(chunk), shares, input(chunk).length),
      twin: (chunk) => twin.u8Mean(members(chunk), shares, input(chunk).length),
    },
  ];
}

function sameBits(a: ArrayBufferView | number, b: ArrayBufferView | number): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

/** The best of `runs`; a tenth as many before them, at least one, are not counted. */
export function bestMs(runs: number, work: () => void): number {
  let best = Infinity;
  for (let run = -Math.ceil(runs / 10); run < runs; run++) {
    const startMs = performance.now();
    work();
    if (run >= 0) best = Math.min(best, performance.now() - startMs);
  }
  return best;
}
