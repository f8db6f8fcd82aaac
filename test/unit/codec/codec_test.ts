import assert from "node:assert/strict";
import { codecByName, codecNames } from "../../../src/codec/by_name.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { f32Codec } from "../../../src/codec/f32.ts";
import { f16Codec } from "../../../src/codec/f16.ts";
import { i4Blockwise } from "../../../src/codec/i4_blockwise.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";

const code = (expected: string) => (error: any) => error.code === expected;

Deno.test("u8 has the documented bytes", () => {
  // max 127 → scale 1; 2.5 and 3.5 are ties and go to the even side.
  const encoded = u8Blockwise.encode(Float32Array.of(-127, 0, 2.5, 3.5, -0.5, 127));
  assert.deepEqual([...encoded], [0, 0, 0x80, 0x3f, 1, 128, 130, 132, 128, 255]);
});

Deno.test("u8 blocks have their own scales", () => {
  const values = new Float32Array(1025).fill(127);
  values[1024] = 127e-6;
  const decoded = u8Blockwise.decode(u8Blockwise.encode(values), 1025);
  assert.equal(decoded[0], 127);
  assert.ok(Math.abs(decoded[1024] / 127e-6 - 1) < 1e-6);
});

Deno.test("i4 has the documented bytes", () => {
  // max 7 → scale 1; 2.5 and 3.5 are ties and go to the even side; an odd count leaves a half empty.
  const encoded = i4Blockwise.encode(Float32Array.of(-7, 0, 2.5, 3.5, 7));
  assert.deepEqual([...encoded], [0, 0, 0x80, 0x3f, 0x81, 0xca, 0x0f]);
  encoded[6] = 0x1f;
  assert.throws(() => i4Blockwise.decode(encoded, 5), code("codec/malformed"));
  assert.throws(() => i4Blockwise.check(encoded, 5), code("codec/malformed"));
});

Deno.test("f16 rounds to nearest even, keeps subnormals and refuses what would be infinite", () => {
  const halves = (...values: number[]) => {
    const encoded = f16Codec.encode(Float32Array.from(values));
    return [...new Uint16Array(encoded.buffer)];
  };
  assert.deepEqual(halves(1, -2, 65504, 0), [0x3c00, 0xc000, 0x7bff, 0]);
  assert.deepEqual(halves(1 + 2 ** -11, 1 + 3 * 2 ** -11), [0x3c00, 0x3c02], "ties to even");
  assert.deepEqual(halves(2 ** -24, 2 ** -25, 3 * 2 ** -26, 2 ** -14), [1, 0, 1, 0x400]);
  assert.equal(halves(65519.99)[0], 0x7bff);
  assert.throws(() => halves(1, 65520), code("codec/range"));
  assert.throws(() => halves(-1e30), code("codec/range"));
  for (const bits of [0x7c00, 0xfc00, 0x7e00]) {
    const encoded = new Uint8Array(Uint16Array.of(0x3c00, bits).buffer);
    assert.throws(() => f16Codec.decode(encoded, 2), code("codec/non-finite"));
    assert.throws(() => f16Codec.check(encoded, 2), code("codec/non-finite"));
  }
});

Deno.test("an encoded view at an odd offset decodes", () => {
  for (const codec of codecNames.map(codecByName)) {
    const values = Float32Array.of(1, -1);
    const encoded = codec.encode(values);
    const shifted = new Uint8Array(encoded.length + 1);
    shifted.set(encoded, 1);
    const sum = new Float32Array(2);
    codec.accumulate(shifted.subarray(1), 1, sum);
    codec.check(shifted.subarray(1), 2);
    const expected = codec.name === "sparse" ? [1, 0] : [1, -1];
    assert.deepEqual([...codec.decode(shifted.subarray(1), 2)], expected, codec.name);
    assert.deepEqual([...sum], expected, codec.name);
  }
});

Deno.test("NaN and infinity are refused when encoding", () => {
  for (const codec of codecNames.map(codecByName)) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const values of [[bad], [1, bad], [bad, 1], [bad, NaN]]) {
        assert.throws(() => codec.encode(Float32Array.from(values)), code("codec/non-finite"));
      }
    }
  }
});

Deno.test("a wrong size and a bad scale are refused when decoding", () => {
  for (const codec of codecNames.map(codecByName)) {
    assert.throws(() => codec.decode(new Uint8Array(5), 100), code("codec/size"), codec.name);
    assert.throws(() => codec.check(new Uint8Array(5000), 100), code("codec/size"), codec.name);
    assert.throws(() => codec.accumulate(new Uint8Array(5), 1, new Float32Array(9)), code("codec/size"));
  }
  for (const scale of [NaN, Infinity, -1, 3e38]) {
    const encoded = u8Blockwise.encode(Float32Array.of(1));
    new DataView(encoded.buffer).setFloat32(0, scale, true);
    assert.throws(() => u8Blockwise.decode(encoded, 1), code("codec/non-finite"));
  }
  assert.throws(() => codecByName("zip"), code("codec/unknown"));
});

Deno.test("the reduction is the weighted mean, whatever the weights sum to", async () => {
  const reducer = new CpuReducer(f32Codec);
  const chunk = (weight: number, ...values: number[]) => ({
    weight,
    encoded: f32Codec.encode(Float32Array.from(values)),
  });
  const encoded = await reducer.reduce([chunk(30, 1, 2), chunk(10, 5, -2), chunk(0, 9, 9)], 2);
  assert.deepEqual([...f32Codec.decode(encoded, 2)], [2, 1]);
});

Deno.test("weights that are negative, not finite or all zero are refused, and so is a malformed chunk", async () => {
  const reducer = new CpuReducer(u8Blockwise);
  const encoded = u8Blockwise.encode(Float32Array.of(1));
  for (const weights of [[-1, 2], [NaN], [Infinity], [0, 0], []]) {
    await assert.rejects(
      () => reducer.reduce(weights.map((weight) => ({ weight, encoded })), 1),
      code("codec/weights"),
    );
  }
  await assert.rejects(
    () => reducer.reduce([{ weight: 1, encoded }, { weight: 0, encoded: encoded.subarray(1) }], 1),
    code("codec/size"),
  );
});

Deno.test("a contribution longer than the median is clipped to it, a liar's extremes are dropped", async () => {
  const chunk = (...values: number[]) => ({ weight: 1, encoded: f32Codec.encode(Float32Array.from(values)) });
  const inputs = [chunk(3, 0), chunk(0, 3), chunk(3e6, 4e6)];
  const clipped = await new CpuReducer(f32Codec, { clip: true }).reduce(inputs, 2);
  f32Codec.decode(clipped, 2).forEach((v, i) => assert.ok(Math.abs(v - [1.6, 1.8][i]) < 1e-6, `${v}`));
  const trimmed = await new CpuReducer(f32Codec, { trim: 1 }).reduce(inputs, 2);
  assert.deepEqual([...f32Codec.decode(trimmed, 2)], [3, 3]);
  const pair = await new CpuReducer(f32Codec, { trim: 1 }).reduce(inputs.slice(0, 2), 2);
  assert.deepEqual([...f32Codec.decode(pair, 2)], [1.5, 1.5], "of two nothing can be dropped");
  const silent = await new CpuReducer(f32Codec, { clip: true }).reduce([
    chunk(0, 0),
    chunk(0, 0),
    chunk(3, 0),
  ], 2);
  assert.deepEqual([...f32Codec.decode(silent, 2)], [1, 0], "a median of zero clips nobody");
});
