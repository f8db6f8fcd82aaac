/** Mutations that know nothing of a format: flips, cuts, growth, splices, lying length fields, nesting, huge counts. */
import { concatBytes } from "../../../src/base/bytes.ts";
import type { Random } from "../../../src/base/random.ts";

type Mutation = (bytes: Uint8Array, random: Random, stock: readonly Uint8Array[]) => Uint8Array;

export const MAX_INPUT_BYTES = 64 * 1024;
const ODD_BYTES = [0x00, 0x01, 0x1f, 0x7f, 0x80, 0xa1, 0xfe, 0xff];
const LIES = [0, 1, 0x7f, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 2 ** 40, 2 ** 53];
/** Openers of CBOR arrays and maps, JSON arrays and objects. */
const NESTING = [[0x81], [0xa1, 0x61, 0x61], [0x9f], [0x5b], [0x7b, 0x22, 0x61, 0x22, 0x3a]];
/** CBOR heads of arrays, maps, byte and text strings with a count of four or eight bytes. */
const COUNT_HEADS = [0x9a, 0xba, 0x5a, 0x7a, 0x9b, 0xbb, 0x5b, 0x7b];

export function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 4) {
    const word = random.nextU32();
    for (let k = 0; k < 4 && i + k < length; k++) bytes[i + k] = word >>> (8 * k);
  }
  return bytes;
}

/** Short ones mostly; one in 64 up to 4 KiB. */
export function randomLength(random: Random): number {
  return random.nextBelow(
    [16, 64, 256, 256][random.nextBelow(4)] * (random.nextBelow(64) === 0 ? 16 : 1) + 1,
  );
}

const at = (bytes: Uint8Array, random: Random): number => random.nextBelow(bytes.length + 1);

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, from), by, bytes.subarray(to));
}

function written(
  bytes: Uint8Array,
  start: number,
  value: number,
  width: number,
  isLittle: boolean,
): Uint8Array {
  const copy = bytes.slice();
  for (let k = 0; k < width && start + k < copy.length; k++) {
    const shift = isLittle ? k : width - 1 - k;
    copy[start + k] = Number((BigInt(value) >> BigInt(8 * shift)) & 255n);
  }
  return copy;
}

const flipBit: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  if (copy.length > 0) copy[random.nextBelow(copy.length)] ^= 1 << random.nextBelow(8);
  return copy;
};
const setByte: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  if (copy.length > 0) {
    copy[random.nextBelow(copy.length)] = random.nextBelow(2) === 0
      ? ODD_BYTES[random.nextBelow(ODD_BYTES.length)]
      : random.nextBelow(256);
  }
  return copy;
};
const truncate: Mutation = (bytes, random) => bytes.slice(0, at(bytes, random));
const extend: Mutation = (bytes, random) => concatBytes(bytes, randomBytes(random, randomLength(random)));
const cutOut: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  return replaced(bytes, from, from + random.nextBelow(bytes.length - from + 1), new Uint8Array(0));
};
const repeat: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  const part = bytes.subarray(from, from + random.nextBelow(bytes.length - from + 1));
  return replaced(bytes, from, from, part);
};
const splice: Mutation = (bytes, random, stock) => {
  const other = stock[random.nextBelow(stock.length)];
  return concatBytes(bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random)));
};
const lie: Mutation = (bytes, random) => {
  const value = random.nextBelow(3) === 0
    ? Math.max(0, bytes.length + random.nextBelow(5) - 2)
    : LIES[random.nextBelow(LIES.length)];
  return written(bytes, at(bytes, random), value, 1 << random.nextBelow(4), random.nextBelow(2) === 0);
};
const nest: Mutation = (bytes, random) => {
  const opener = NESTING[random.nextBelow(NESTING.length)];
  const levels = random.nextBelow(random.nextBelow(16) === 0 ? 8000 : 40) + 1;
  const start = at(bytes, random);
  const openers = new Uint8Array(opener.length * levels);
  for (let i = 0; i < openers.length; i++) openers[i] = opener[i % opener.length];
  return replaced(bytes, start, start, openers);
};
const count: Mutation = (bytes, random) => {
  const head = COUNT_HEADS[random.nextBelow(COUNT_HEADS.length)];
  const start = at(bytes, random);
  const width = (head & 0x1f) === 0x1a ? 4 : 8;
  const opener = written(new Uint8Array(1 + width), 1, LIES[random.nextBelow(LIES.length)], width, false);
  opener[0] = head;
  return replaced(bytes, start, start + random.nextBelow(2), opener);
};

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  truncate,
  extend,
  cutOut,
  repeat,
  splice,
  lie,
  lie,
  nest,
  count,
];

/** One to four mutations one after the other. */
export function mutateBytes(bytes: Uint8Array, random: Random, stock: readonly Uint8Array[]): Uint8Array {
  let mutant = bytes;
  for (let k = random.nextBelow(4); k >= 0; k--) {
    mutant = MUTATIONS[random.nextBelow(MUTATIONS.length)](mutant, random, stock);
  }
  return mutant.subarray(0, MAX_INPUT_BYTES);
}
