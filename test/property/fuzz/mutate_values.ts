/**
 * Mutations of maps and lists that stay well-formed, so that they reach the schemas behind the parser: a field of
 * another type, out of range, missing, added, repeated or buried. Only the path to the change is copied.
 */
import type { Random } from "../../../src/base/random.ts";

type Odd = (random: Random) => unknown;

const HEX = "0123456789abcdef";
const hexDigits = (random: Random, count: number) =>
  Array.from({ length: count }, () => HEX[random.nextBelow(16)]).join("");
const ANY: readonly Odd[] = [
  () => null,
  () => true,
  () => -1,
  () => 0,
  () => 0.5,
  () => 2 ** 31,
  () => 2 ** 53,
  () => -(2 ** 53),
  () => "",
  () => "constructor",
  () => "\u0000\ud83d\ude00 é",
  () => [],
  () => ({}),
  (random) => random.nextU32(),
  (random) => hexDigits(random, [0, 1, 2, 63, 64, 65, 128][random.nextBelow(7)]),
  (random) => "x".repeat(1 << random.nextBelow(random.nextBelow(32) === 0 ? 16 : 8)),
  (random) => Array.from({ length: 1 << random.nextBelow(8) }, () => random.nextBelow(3)),
];
/** Values that JSON cannot say. */
const CBOR_ONLY: readonly Odd[] = [
  () => NaN,
  () => Infinity,
  () => 2n ** 63n,
  () => -(2n ** 63n),
  (random) => new Uint8Array(random.nextBelow(100)),
];
const KEYS = ["a", "hotkey", "outerStep", "__proto__", "constructor", "toString", "length", ""];

function oddValue(random: Random, isJson: boolean): unknown {
  const odd = isJson ? ANY : [...ANY, ...CBOR_ONLY];
  return odd[random.nextBelow(odd.length)](random);
}

/** A random tree; deep or wide now and then. */
export function randomTree(random: Random, isJson: boolean, depth = random.nextBelow(6)): unknown {
  if (depth === 0 || random.nextBelow(4) === 0) return oddValue(random, isJson);
  const width = random.nextBelow(5);
  const children = Array.from({ length: width }, () => randomTree(random, isJson, depth - 1));
  if (random.nextBelow(2) === 0) return children;
  return Object.fromEntries(children.map((child) => [KEYS[random.nextBelow(KEYS.length)], child]));
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);

/** A copy of `value` that differs from it in one place. */
export function mutateValue(value: unknown, random: Random, isJson: boolean): unknown {
  if (random.nextBelow(8) > 0) {
    if (Array.isArray(value) && value.length > 0) return mutateList(value, random, isJson);
    if (isMap(value) && Object.keys(value).length > 0) return mutateMap(value, random, isJson);
  }
  return mutateLeaf(value, random, isJson);
}

function mutateList(list: readonly unknown[], random: Random, isJson: boolean): unknown[] {
  const index = random.nextBelow(list.length);
  const copy = [...list];
  switch (random.nextBelow(8)) {
    case 0:
      copy.splice(index, 1);
      return copy;
    case 1:
      copy.splice(index, 0, list[random.nextBelow(list.length)]);
      return copy;
    case 2:
      return Array.from({ length: list.length << random.nextBelow(8) }, (_, i) => list[i % list.length]);
    default:
      copy[index] = mutateValue(list[index], random, isJson);
      return copy;
  }
}

function mutateMap(map: Record<string, unknown>, random: Random, isJson: boolean): Record<string, unknown> {
  const keys = Object.keys(map);
  const key = keys[random.nextBelow(keys.length)];
  const entries = Object.entries(map);
  switch (random.nextBelow(10)) {
    case 0:
      return Object.fromEntries(entries.filter(([name]) => name !== key));
    case 1:
      return Object.fromEntries([
        ...entries,
        [KEYS[random.nextBelow(KEYS.length)], oddValue(random, isJson)],
      ]);
    case 2:
      return Object.fromEntries([...entries, [key, map[keys[random.nextBelow(keys.length)]]]]);
    default:
      return { ...map, [key]: mutateValue(map[key], random, isJson) };
  }
}

function mutateLeaf(value: unknown, random: Random, isJson: boolean): unknown {
  switch (random.nextBelow(5)) {
    case 0: {
      let buried = value;
      for (let k = random.nextBelow(30); k >= 0; k--) buried = [buried];
      return buried;
    }
    case 1:
      if (typeof value === "number") return value + random.nextBelow(5) - 2;
      if (typeof value === "string" && value.length > 0) return mutateText(value, random);
      return oddValue(random, isJson);
    default:
      return oddValue(random, isJson);
  }
}

function mutateText(text: string, random: Random): string {
  const index = random.nextBelow(text.length);
  const inserted = [HEX[random.nextBelow(16)], "G", "", " ", "\u00e9"][random.nextBelow(5)];
  return text.slice(0, index) + inserted + text.slice(index + random.nextBelow(2));
}
