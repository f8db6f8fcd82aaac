/** Round trips, error bounds, and decoders fed random bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { codecByName, codecNames } from "../../src/codec/by_name.ts";
import { f16Codec } from "../../src/codec/f16.ts";
import { f32Codec } from "../../src/codec/f32.ts";
import { I4_BLOCK_ELEMENTS, i4Blockwise } from "../../src/codec/i4_blockwise.ts";
import { sparseMean } from "../../src/codec/sparse_mean.ts";
import { BLOCK_ELEMENTS, u8Blockwise } from "../../src/codec/u8_blockwise.ts";
import { isSkeinError } from "../../src/base/errors.ts";

const finiteF32 = fc.float({
  noNaN: true,
  noDefaultInfinity: true,
  max: Math.fround(1e38),
  min: Math.fround(-1e38),
});
const sparseSizes = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(1023, 1024, 1025, 2048, 2053));
const values = sparseSizes.chain((n) =>
  fc.array(finiteF32, { minLength: 1, maxLength: 24 }).map((seedValues) =>
    Float32Array.from({ length: n }, (_, i) => seedValues[(i * 7) % seedValues.length])
  )
);

Deno.test("f32 gives back the same bits", () => {
  fc.assert(fc.property(values, (x) => {
    const encoded = f32Codec.encode(x);
    assert.equal(encoded.byteLength, f32Codec.encodedBytes(x.length));
    assert.deepEqual(
      new Uint32Array(f32Codec.decode(encoded, x.length).buffer),
      new Uint32Array(x.slice().buffer),
    );
  }));
});

Deno.test("u8 is off by at most half a scale and a rounding", () => {
  fc.assert(fc.property(values, (x) => {
    const encoded = u8Blockwise.encode(x);
    assert.equal(encoded.byteLength, u8Blockwise.encodedBytes(x.length));
    const decoded = u8Blockwise.decode(encoded, x.length);
    for (let start = 0; start < x.length; start += BLOCK_ELEMENTS) {
      const block = x.subarray(start, start + BLOCK_ELEMENTS);
      const largest = block.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      // Half a scale; the scale, the quotient and the product each round once to f32 (2⁻²⁴ relative, at most 127
      // scales away from zero); a block whose scale would be subnormal becomes zero as a whole.
      const bound = largest / 127 < 2 ** -126 ? largest : (largest / 127) * (0.5 + 3 * 127 * 2 ** -24);
      block.forEach((v, i) =>
        assert.ok(Math.abs(v - decoded[start + i]) <= bound, `${v} → ${decoded[start + i]}`)
      );
    }
  }));
});

Deno.test("f16 is off by half a unit in the last place, by 2⁻²⁵ among the subnormals", () => {
  const inRange = values.map((x) => x.map((v) => v % 65504));
  fc.assert(fc.property(inRange, (x) => {
    const encoded = f16Codec.encode(x);
    assert.equal(encoded.byteLength, f16Codec.encodedBytes(x.length));
    const decoded = f16Codec.decode(encoded, x.length);
    x.forEach((v, i) => {
      const bound = Math.max(Math.abs(v) * 2 ** -11, 2 ** -25);
      assert.ok(Math.abs(v - decoded[i]) <= bound, `${v} → ${decoded[i]}`);
    });
  }));
});

Deno.test("i4 is off by at most half a scale and a rounding", () => {
  fc.assert(fc.property(values, (x) => {
    const encoded = i4Blockwise.encode(x);
    assert.equal(encoded.byteLength, i4Blockwise.encodedBytes(x.length));
    const decoded = i4Blockwise.decode(encoded, x.length);
    for (let start = 0; start < x.length; start += I4_BLOCK_ELEMENTS) {
      const block = x.subarray(start, start + I4_BLOCK_ELEMENTS);
      const largest = block.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      const bound = largest / 7 < 2 ** -126 ? largest : (largest / 7) * (0.5 + 3 * 7 * 2 ** -24);
      block.forEach((v, i) =>
        assert.ok(Math.abs(v - decoded[start + i]) <= bound, `${v} → ${decoded[start + i]}`)
      );
    }
  }));
});

Deno.test("accumulating an encoding adds its decoded values times the share", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...codecNames),
      values,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (name, x, s) => {
        const codec = codecByName(name);
        const share = Math.fround(s);
        const small = x.map((v) => v % 65504);
        const encoded = codec.encode(small);
        const sum = new Float32Array(x.length).fill(0.5);
        codec.accumulate(encoded, share, sum);
        const expected = codec.decode(encoded, x.length).map((v) =>
          Math.fround(0.5 + Math.fround(share * v))
        );
        assert.deepEqual(sum, expected);
        codec.check(encoded, x.length);
      },
    ),
  );
});

Deno.test("u8 keeps zeros and signs", () => {
  fc.assert(fc.property(values, (x) => {
    const decoded = u8Blockwise.decode(u8Blockwise.encode(x), x.length);
    x.forEach((v, i) => assert.ok(v === 0 ? decoded[i] === 0 : v * decoded[i] >= 0));
  }));
});

Deno.test("a decoder fed random bytes gives finite values or a typed error", () => {
  const input = fc.record({
    codec: fc.constantFrom(...codecNames.map(codecByName), sparseMean),
    elements: fc.integer({ min: 0, max: 1100 }),
    slack: fc.constantFrom(0, 0, 0, 1, -1, 4),
    seed: fc.uint8Array({ minLength: 8, maxLength: 64 }),
  });
  fc.assert(
    fc.property(input, ({ codec, elements, slack, seed }) => {
      const size = Math.max(0, codec.encodedBytes(elements) + slack);
      const bytes = Uint8Array.from({ length: size }, (_, i) => seed[i % seed.length]);
      try {
        const decoded = codec.decode(bytes, elements);
        assert.ok(size <= codec.encodedBytes(elements));
        assert.ok(decoded.every(Number.isFinite));
      } catch (error) {
        if (!isSkeinError(error)) throw error;
        assert.ok(["codec/size", "codec/non-finite", "codec/malformed"].includes(error.code), error.code);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("a sparse encoding with one byte changed decodes to other values or is refused, never to garbage", () => {
  const input = fc.record({
    codec: fc.constantFrom(codecByName("sparse"), sparseMean),
    elements: fc.integer({ min: 1, max: 9000 }),
    at: fc.nat(),
    flip: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(fc.property(input, ({ codec, elements, at, flip }) => {
    const x = Float32Array.from({ length: elements }, (_, i) => Math.sin(i * i));
    const encoded = codec.encode(x);
    assert.ok(encoded.byteLength <= codec.encodedBytes(elements));
    codec.check(encoded, elements);
    encoded[at % encoded.length] ^= flip;
    try {
      assert.ok(codec.decode(encoded, elements).every(Number.isFinite));
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      assert.ok(["codec/size", "codec/non-finite", "codec/malformed"].includes(error.code), error.code);
    }
  }));
});
