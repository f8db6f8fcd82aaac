import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { option, struct, tuple, variant, vec } from "../../../../src/chain/scale/composite_types.ts";
import {
  bool,
  bytes,
  compact,
  text,
  u128,
  u16,
  u32,
  u8,
} from "../../../../src/chain/scale/primitive_types.ts";
import { decodeValue, encodeValue } from "../../../../src/chain/scale/scale_type.ts";
import { birthBlock, deathBlock, type Era, eraType } from "../../../../src/chain/devnet/runtime/era.ts";
import { decodeTransaction } from "../../../../src/chain/devnet/runtime/extrinsic.ts";

const undecodable = (error: unknown) => isSkeinError(error, "scale/undecodable");
const hexOf = (...args: Parameters<typeof encodeValue>) => toHex(encodeValue(...args));

Deno.test("compact integers have the encodings of the SCALE reference", () => {
  const vectors: [bigint, string][] = [
    [0n, "00"],
    [1n, "04"],
    [42n, "a8"],
    [69n, "1501"],
    [65535n, "feff0300"],
    [100_000_000_000_000n, "0b00407a10f35a"],
    [(1n << 30n) - 1n, "feffffff"],
    [1n << 30n, "0300000040"],
  ];
  for (const [value, expected] of vectors) {
    assert.equal(hexOf(compact(u128), value), expected);
    assert.equal(decodeValue(compact(u128), fromHex(expected)), value);
  }
});

Deno.test("a compact integer in a longer form than it needs, or too wide for its type, is refused", () => {
  for (const hex of ["0100", "02000000", "0300000000", "0704000000"]) {
    assert.throws(() => decodeValue(compact(u128), fromHex(hex)), undecodable, hex);
  }
  assert.throws(() => decodeValue(compact(u8), encodeValue(compact(u32), 256)), undecodable);
});

const everything = struct("test::Everything", {
  flag: bool,
  name: text,
  raw: bytes,
  pairs: vec(tuple(u16, compact(u32))),
  maybe: option(u8),
  choice: variant("test::Choice", { Empty: [3], One: [5, u8], Two: [9, [u8, u16]], Named: [200, { a: u8 }] }),
});

Deno.test("values of every kind come back from their encoding", () => {
  const choices = [
    { name: "Empty", value: undefined },
    { name: "One", value: 7 },
    { name: "Two", value: [1, 2] },
    { name: "Named", value: { a: 1 } },
  ];
  fc.assert(fc.property(
    fc.record({
      flag: fc.boolean(),
      name: fc.string({ unit: "grapheme" }),
      raw: fc.uint8Array(),
      pairs: fc.array(fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.nat({ max: 0x7fffffff }))),
      maybe: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      choice: fc.constantFrom(...choices),
    }, { noNullPrototype: true }),
    (value) => assert.deepEqual(decodeValue(everything, encodeValue(everything, value)), value),
  ));
});

Deno.test("random bytes decode or are refused by a typed error, never more", () => {
  const refusedAtWorst = (decode: () => unknown) => {
    try {
      decode();
    } catch (error) {
      assert.ok(undecodable(error), String(error));
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
      refusedAtWorst(() => decodeValue(everything, random));
      refusedAtWorst(() => decodeTransaction(random));
      const body = Uint8Array.of(0x84, 0, ...random);
      refusedAtWorst(() => decodeTransaction(Uint8Array.of(...encodeValue(bytes, body))));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("an era has the encoding and the span of the Substrate reference", () => {
  const era: Era = { kind: "mortal", periodBlocks: 64, phase: 42 };
  assert.equal(hexOf(eraType, era), "a502");
  assert.equal(hexOf(eraType, { kind: "mortal", periodBlocks: 32768, phase: 20000 }), "4e9c");
  assert.deepEqual(decodeValue(eraType, fromHex("a502")), era);
  assert.deepEqual([birthBlock(era, 42), birthBlock(era, 105), birthBlock(era, 106)], [42, 42, 106]);
  assert.deepEqual([deathBlock(era, 42), deathBlock(era, 106)], [106, 170]);
  assert.deepEqual([birthBlock({ kind: "immortal" }, 9), deathBlock({ kind: "immortal" }, 9)], [0, Infinity]);
  for (const hex of ["01", "1000", "f1ff"]) {
    assert.throws(() => decodeValue(eraType, fromHex(hex)), undecodable);
  }
});

Deno.test("a compact integer that is too wide for its type is not encoded: nobody could read it", () => {
  const tooWide = [[compact(u8), 256], [compact(u16), -1], [compact(u128), 1n << 128n]] as const;
  for (const [type, value] of tooWide) assert.throws(() => encodeValue(type as typeof u8, value as number));
  assert.equal(decodeValue(compact(u8), encodeValue(compact(u8), 255)), 255);
});
