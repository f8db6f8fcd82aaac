/** The SIMD loops against their twin, bit for bit, at sizes around steps of 16, blocks of 1024 and slices of 16384. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assembleSimd, SIMD_BYTES } from "../../../scripts/assemble_simd.ts";
import { ROOT } from "../../../scripts/run_command.ts";
import { Random } from "../../../src/base/random.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { bytesOf, firstNonFinite } from "../../../src/codec/float_bits.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import * as twin from "../../../src/reference/u8_blockwise.ts";

const SLICE_SIZES = [16383, 16384, 16385, 17407, 17408, 17409, 32768, 40_001];
const LARGEST_F32 = 3.4028234663852886e38;

/** A whole number from `low` on, below `high`. */
const between = (random: Random, low: number, high: number) => low + random.nextBelow(high - low);

/** What each element of a test is drawn from. */
const KINDS: Readonly<Record<string, (random: Random) => number>> = {
  normal: (random) => random.nextNormal() * 1e-3,
  "of any exponent": (random) => random.nextNormal() * 2 ** between(random, -149, 124),
  subnormal: (random) => random.nextNormal() * 2 ** between(random, -149, -117),
  // Block maxima whose scale is around the smallest normal f32.
  "about to vanish": (random) =>
    between(random, -1, 2) * (127 * 2 ** -126 + between(random, -9, 9) * 2 ** -149),
  huge: (random) => between(random, -4, 5) * LARGEST_F32 / 4.1,
  ties: (random) => between(random, -254, 255) / 2,
  "zeros of both signs": (random) => between(random, 0, 2) === 0 ? 0 : -0,
};

function valuesOf(kind: string, elements: number, random: Random): Float32Array<ArrayBuffer> {
  const draw = KINDS[kind];
  return Float32Array.from({ length: elements }, () => draw(random));
}

const sameBits = (found: Float32Array, expected: Float32Array, what: string) =>
  assert.ok(Buffer.compare(bytesOf(found), bytesOf(expected)) === 0, what);

function twinDecoded(encoded: Uint8Array, elements: number): Float32Array {
  // What stood there must not show through.
  const values = new Float32Array(elements).fill(NaN);
  twin.u8DecodeInto(encoded, values);
  return values;
}

function compareWithTwin(kind: string, values: Float32Array, random: Random): void {
  const what = `${values.length} elements, ${kind}`;
  const encoded = u8Blockwise.encode(values);
  assert.ok(Buffer.compare(encoded, twin.u8Encode(values)) === 0, `encode ${what}`);
  const decoded = u8Blockwise.decode(encoded, values.length);
  sameBits(decoded, twinDecoded(encoded, values.length), `decode ${what}`);
  const share = Math.fround(random.nextFloat());
  const sum = valuesOf("normal", values.length, random);
  const expected = sum.slice();
  u8Blockwise.accumulate(encoded, share, sum);
  twin.u8Accumulate(encoded, share, expected);
  sameBits(sum, expected, `accumulate ${what}`);
  assert.equal(firstNonFinite(values), -1, what);
}

Deno.test("the committed bytes are what the source assembles to", async () => {
  assert.equal(readFileSync(join(ROOT, SIMD_BYTES), "utf8"), await assembleSimd());
});

Deno.test("encode, decode and accumulate compute their twin's bits at every length up to 3000", () => {
  const random = new Random(1);
  const kinds = Object.keys(KINDS);
  for (let elements = 0; elements <= 3000; elements++) {
    const kind = kinds[elements % kinds.length];
    compareWithTwin(kind, valuesOf(kind, elements, random), random);
  }
});

Deno.test("encode, decode and accumulate compute their twin's bits around slices, for values of every kind", () => {
  const random = new Random(2);
  for (const elements of [1, 15, 16, 17, 1023, 1024, 1025, ...SLICE_SIZES]) {
    for (const kind of Object.keys(KINDS)) compareWithTwin(kind, valuesOf(kind, elements, random), random);
  }
});

Deno.test("codes and scales that no encoder makes decode to the twin's bits", () => {
  const random = new Random(3);
  for (const elements of [7, 1025, 20_000]) {
    const blocks = Math.ceil(elements / 1024);
    const encoded = Uint8Array.from({ length: 4 * blocks + elements }, () => between(random, 0, 256));
    for (const scale of [0, -0, 2 ** -149, 3 * 2 ** -149, 2 ** -127, 1 / 3, LARGEST_F32 / 129]) {
      for (let block = 0; block < blocks; block++) {
        new DataView(encoded.buffer).setFloat32(4 * block, scale, true);
      }
      sameBits(u8Blockwise.decode(encoded, elements), twinDecoded(encoded, elements), `scale ${scale}`);
      for (const share of [0, 1, -1, 2 ** -140, Math.fround(0.1)]) {
        const sum = valuesOf("of any exponent", elements, random).map((value) => value / 4);
        const expected = sum.slice();
        u8Blockwise.accumulate(encoded, share, sum);
        twin.u8Accumulate(encoded, share, expected);
        sameBits(sum, expected, `scale ${scale}, share ${share}`);
      }
    }
  }
});

Deno.test("the mean in one pass has the bytes of sum and encode", async () => {
  const random = new Random(4);
  for (const elements of [1, 1000, 1025, ...SLICE_SIZES]) {
    for (const kind of ["normal", "of any exponent", "about to vanish"]) {
      const members = between(random, 1, 9);
      const weight = 3;
      const inputs = Array.from({ length: members }, () => ({
        encoded: u8Blockwise.encode(valuesOf(kind, elements, random)),
        weight,
      }));
      const shares = inputs.map(() => Math.fround(1 / members));
      const expected = twin.u8Mean(inputs.map(({ encoded }) => encoded), shares, elements);
      const mean = await new CpuReducer(u8Blockwise).reduce(inputs, elements);
      assert.ok(Buffer.compare(mean, expected) === 0, `${members} × ${elements}, ${kind}`);
    }
  }
});

Deno.test("the first value that is not finite is found wherever it is, and others behind it do not matter", () => {
  const random = new Random(5);
  for (const elements of [1, 5, 16, 33, 1024, 16385, 33_001]) {
    const values = valuesOf("of any exponent", elements, random);
    for (let trial = 0; trial < 40; trial++) {
      const at = trial < elements && trial < 20 ? trial : between(random, 0, elements);
      const marred = values.slice();
      marred[at] = [NaN, Infinity, -Infinity][trial % 3];
      marred.fill(NaN, Math.min(elements, at + between(random, 1, 30)));
      assert.equal(firstNonFinite(marred), at, `${elements} elements`);
      assert.equal(twin.firstNonFinite(marred), at);
      assert.equal(firstNonFinite(marred.subarray(at + 1, at + 1)), -1);
    }
  }
});

Deno.test("the first block that cannot be encoded is named with its magnitude", () => {
  const values = new Float32Array(40_000).fill(1);
  const refused = (expected: string, block: number) =>
    assert.throws(() => u8Blockwise.encode(values), (error: any) => {
      assert.equal(error.code, "codec/non-finite");
      assert.equal(
        error.message,
        `encode u8: block ${block} has magnitude ${expected}, a finite value in range required`,
      );
      return true;
    });
  values[39_999] = -Infinity;
  refused("Infinity", 39);
  values[20_000] = NaN;
  refused("NaN", 19);
  // 128 codes of this one's scale leave the range of f32, 127 do not.
  values[1030] = -LARGEST_F32 * 0.994;
  refused(`${-values[1030]}`, 1);
});

Deno.test("a sum that overflows is refused with its block", async () => {
  // Code 0 is −128, which only a forger writes: it decodes to a value of which no block can be encoded.
  const forged = new Uint8Array(4 * 20 + 20_000).fill(128);
  const view = new DataView(forged.buffer);
  for (let block = 0; block < 20; block++) view.setFloat32(4 * block, 2 ** 120, true);
  view.setFloat32(4 * 18, Math.fround(LARGEST_F32 / 128), true);
  forged[4 * 20 + 18 * 1024 + 7] = 0;
  const inputs = [{ encoded: forged, weight: 1 }, { encoded: forged, weight: 1 }];
  await assert.rejects(() => new CpuReducer(u8Blockwise).reduce(inputs, 20_000), (error: any) => {
    assert.equal(error.code, "codec/non-finite");
    assert.match(error.message, /^encode u8: block 18 has magnitude 3\.40/);
    return true;
  });
});
