/**
 * Every codec that a plan may name, those in which their means travel, and the sum of two contributions in each. `check`
 * and `decodeInto` must say the same as `decode`. Input: u16 count of elements, encoded bytes.
 */
import { concatBytes } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import { codecByName, codecNames } from "../../../src/codec/by_name.ts";
import type { Codec } from "../../../src/codec/codec.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { type Decoder, flatBound } from "./decoder.ts";
import { randomBytes } from "./mutate_bytes.ts";

const MAX_ELEMENTS = 8191;
/** Sizes around the blocks and chunks that codecs are made of. */
const SIZES = [0, 1, 2, 63, 64, 255, 256, 1023, 1024, 1025, 2049];

const counted = (elements: number, encoded: Uint8Array) =>
  concatBytes(Uint8Array.of(elements & 255, elements >> 8), encoded);

function example(codec: Codec, elements: number): Uint8Array {
  const values = Float32Array.from(
    { length: elements },
    (_, i) => Math.fround(Math.sin(i) * 10 ** (i % 5 - 2)),
  );
  return counted(elements, codec.encode(values));
}

/** Bytes of the right size, or one off. */
function randomEncoded(codec: Codec, random: Random): Uint8Array {
  const elements = SIZES[random.nextBelow(SIZES.length)];
  const slack = random.nextBelow(8) === 0 ? random.nextBelow(3) - 1 : 0;
  const bytes = randomBytes(random, Math.max(0, codec.encodedBytes(elements) + slack));
  // Half of them small numbers, which pass more of the checks of scales and indices.
  if (random.nextBelow(2) === 0) { for (let i = 0; i < bytes.length; i++) bytes[i] &= 0x3f; }
  return counted(elements, bytes);
}

const elementsOf = (input: Uint8Array): number => ((input[0] ?? 0) | ((input[1] ?? 0) << 8)) & MAX_ELEMENTS;

const verdict = (run: () => unknown): string => {
  try {
    run();
    return "accepted";
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    return error.code;
  }
};

/** @throws an untyped error, which is a finding, when the three ways to read the bytes differ */
function decodeThrice(codec: Codec, encoded: Uint8Array, elements: number): Float32Array {
  const values = new Float32Array(elements);
  const [checked, filled, decoded] = [
    verdict(() => codec.check(encoded, elements)),
    verdict(() => codec.decodeInto(encoded, values)),
    verdict(() => codec.decode(encoded, elements)),
  ];
  if (checked !== decoded || filled !== decoded) {
    throw new Error(`check says ${checked}, decodeInto ${filled}, decode ${decoded}`);
  }
  const result = codec.decode(encoded, elements);
  const differing = result.findIndex((value, i) => !Object.is(value, values[i]) || !Number.isFinite(value));
  if (differing >= 0) throw new Error(`element ${differing}: ${result[differing]} and ${values[differing]}`);
  return result;
}

export function codecDecoders(): Decoder[] {
  const named = codecNames.map(codecByName);
  const all = new Map([...named, ...named.map(({ result }) => result)].map((codec) => [codec.name, codec]));
  return [...all.values()].flatMap((codec): Decoder[] => {
    const reducer = new CpuReducer(codec);
    const shared = {
      format: "bytes" as const,
      examples: SIZES.map((elements) => example(codec, elements)),
      random: (random: Random) => randomEncoded(codec, random),
      share: 0.25,
    };
    return [
      {
        ...shared,
        name: `codec ${codec.name}: decode`,
        decode: (input) => decodeThrice(codec, input.subarray(2), elementsOf(input)),
        allocationBytes: flatBound(32 * MAX_ELEMENTS),
      },
      {
        ...shared,
        name: `codec ${codec.name}: reduce`,
        decode: (input) => {
          const encoded = input.subarray(2);
          return reducer.reduce([{ encoded, weight: 3 }, { encoded, weight: 1 }], elementsOf(input));
        },
        allocationBytes: flatBound(64 * MAX_ELEMENTS),
        share: 0.1,
      },
    ];
  });
}
