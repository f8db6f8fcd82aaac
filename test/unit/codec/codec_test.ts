import assert from "node:assert/strict";
import { codecByName } from "../../../src/codec/by_name.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { f32Codec } from "../../../src/codec/f32.ts";
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

Deno.test("an encoded view at an odd offset decodes", () => {
  const encoded = u8Blockwise.encode(Float32Array.of(1, -1));
  const shifted = new Uint8Array(encoded.length + 1);
  shifted.set(encoded, 1);
  assert.deepEqual([...u8Blockwise.decode(shifted.subarray(1), 2)], [1, -1]);
});

Deno.test("NaN and infinity are refused when encoding", () => {
  for (const codec of [f32Codec, u8Blockwise]) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const values of [[bad], [1, bad], [bad, 1], [bad, NaN]]) {
        assert.throws(() => codec.encode(Float32Array.from(values)), code("codec/non-finite"));
      }
    }
  }
});

Deno.test("a wrong size and a bad scale are refused when decoding", () => {
  assert.throws(() => u8Blockwise.decode(new Uint8Array(5), 2), code("codec/size"));
  assert.throws(() => f32Codec.decode(new Uint8Array(5), 1), code("codec/size"));
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
