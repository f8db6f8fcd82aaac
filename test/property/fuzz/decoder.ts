/**
 * What the fuzzer knows of a decoder. A decoder takes bytes that somebody else wrote and answers with a value or a
 * `SkeinError`; any other exception, more than a second, or more memory than `allocationBytes` is a finding.
 */
import { encode } from "cborg";
import type { Random } from "../../../src/base/random.ts";

/** How its input is written: mutations then also change values, not only bytes. */
export type InputFormat = "bytes" | "cbor" | "json";

export interface Decoder {
  readonly name: string;
  readonly format: InputFormat;
  /** Valid inputs, the stock of mutations. The same on every call. */
  readonly examples: readonly Uint8Array[];
  /** In place of uniformly random bytes, where those would all end at the first check. */
  random?(random: Random): Uint8Array;
  decode(input: Uint8Array): unknown;
  /** Most that decoding so many bytes may allocate, garbage and error objects included. */
  allocationBytes(inputBytes: number): number;
  /** Of the run's inputs, at most 1: less for what costs more than some microseconds. Default 1. */
  readonly share?: number;
}

const KIB = 1024;
/** An error with its stack, and what a schema says about each field that is wrong. */
const FIXED_BYTES = 64 * KIB;
/** One CBOR or JSON byte may become an object with a token, a schema issue and a message of its own. */
const BYTES_PER_STRUCTURED_BYTE = 2 * KIB;

/** Bound of decoders of maps and lists. @param alsoBytes what the decoder allocates whatever the input */
export const structuredBound = (alsoBytes = 0) => (inputBytes: number): number =>
  FIXED_BYTES + alsoBytes + BYTES_PER_STRUCTURED_BYTE * inputBytes;

/** Bound of decoders that copy their input a few times. */
export const flatBound = (alsoBytes = 0) => (inputBytes: number): number =>
  FIXED_BYTES + alsoBytes + 64 * inputBytes;

/** cborg encodes into a Buffer, whose `slice` is a view: mutations of it would reach the original. */
export const encodePlain = (value: unknown): Uint8Array =>
  Uint8Array.from(encode(value, { ignoreUndefinedProperties: true }));

export const cborExamples = (values: readonly unknown[]): Uint8Array[] => values.map(encodePlain);

export const jsonExamples = (values: readonly unknown[]): Uint8Array[] =>
  values.map((value) => new TextEncoder().encode(JSON.stringify(value)));
