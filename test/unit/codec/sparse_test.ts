import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { leftOut, withResidual } from "../../../src/codec/error_feedback.ts";
import { sparseTopK } from "../../../src/codec/sparse.ts";
import { sparseMean } from "../../../src/codec/sparse_mean.ts";
import { f32Codec } from "../../../src/codec/f32.ts";

const code = (expected: string) => (error: any) => error.code === expected;
const normal = (random: Random, count: number) =>
  Float32Array.from({ length: count }, () => random.nextNormal() * 0.01);
const indicesOf = (values: Float32Array) => [...values.keys()].filter((i) => values[i] !== 0);

/** The slow way: sort all by magnitude, the lower index first among equals. */
function largest(values: Float32Array, k: number): number[] {
  const order = [...values.keys()].filter((i) => values[i] !== 0);
  order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
  return order.slice(0, k).sort((a, b) => a - b);
}

Deno.test("a block of 4096 sends its 64 largest elements, a shorter one its share", () => {
  const random = new Random(3);
  for (const elements of [1, 2, 63, 64, 65, 1024, 4095, 4096, 3072 + 4096]) {
    const values = normal(random, elements);
    const decoded = sparseTopK.decode(sparseTopK.encode(values), elements);
    const expected: number[] = [];
    for (let start = 0; start < elements; start += 4096) {
      const block = values.subarray(start, start + 4096);
      expected.push(...largest(block, Math.ceil(block.length / 64)).map((i) => start + i));
    }
    assert.deepEqual(indicesOf(decoded), expected, `${elements}`);
    assert.ok(expected.every((i) => values[i] * decoded[i] > 0), "signs are kept");
  }
});

Deno.test("of equal magnitudes the lower index is sent, whatever the sign", () => {
  const values = Float32Array.from({ length: 4096 }, (_, i) => i % 2 === 0 ? 0.5 : -0.5);
  values[4000] = 0.75;
  const sent = indicesOf(sparseTopK.decode(sparseTopK.encode(values), 4096));
  assert.deepEqual(sent, [...Array.from({ length: 63 }, (_, i) => i), 4000]);
});

Deno.test("values are the means of four bins that part at one and a half sigma", () => {
  // 64 chosen: 62 of magnitude 1, two of 4 → σ² = (62 + 32) / 64, edge 1.82.
  const values = new Float32Array(4096);
  for (let i = 0; i < 62; i++) values[i * 10] = i % 2 === 0 ? 1 : -1;
  values[4094] = 4;
  values[4095] = -4;
  const encoded = sparseTopK.encode(values);
  assert.deepEqual([...new Float32Array(encoded.buffer.slice(0, 16))], [-4, -1, 1, 4]);
  assert.deepEqual(sparseTopK.decode(encoded, 4096), values);
});

Deno.test("a large tensor is within one per cent of 14 bits for each of 64 in 4096", () => {
  const blocks = 4 * 64;
  const bytes = sparseTopK.encode(normal(new Random(4), blocks * 4096)).byteLength;
  assert.equal(bytes, sparseTopK.encodedBytes(blocks * 4096));
  assert.ok(bytes > 112 * blocks && bytes <= 1.01 * 112 * blocks, `${bytes}`);
});

Deno.test("zeros are never sent: an empty block costs a bit, a nearly empty one is filled up", () => {
  const values = new Float32Array(3 * 4096);
  assert.equal(sparseTopK.encode(values).byteLength, 16 + 1);
  values[0] = 3;
  values[2 * 4096 + 4095] = -2;
  const encoded = sparseTopK.encode(values);
  assert.equal(encoded.byteLength, 16 + 1 + 2 * 112);
  assert.deepEqual(sparseTopK.decode(encoded, values.length), values);
});

Deno.test("what no encoder makes is refused: an index twice, out of order, out of range, a stray bit", () => {
  const elements = 100; // k = 2: 28 bits in 4 bytes behind 17 bytes of header
  const entries = (...pairs: [number, number][]) => {
    const encoded = new Uint8Array(21);
    new Float32Array(encoded.buffer, 0, 4).set([-2, -1, 1, 2]);
    encoded[16] = 1;
    const bits = pairs.reduce((sum, [index, code], i) => sum + (index + code * 4096) * 2 ** (14 * i), 0);
    new DataView(encoded.buffer).setUint32(17, bits, true);
    return encoded;
  };
  assert.deepEqual(indicesOf(sparseTopK.decode(entries([3, 1], [99, 3]), elements)), [3, 99]);
  for (
    const bad of [
      entries([3, 1], [3, 2]),
      entries([4, 1], [3, 1]),
      entries([3, 1], [100, 1]),
      entries([4095, 0], [0, 0]),
      entries([3, 1], [0, 1]),
    ]
  ) {
    assert.throws(() => sparseTopK.decode(bad, elements), code("codec/malformed"));
    assert.throws(() => sparseTopK.check(bad, elements), code("codec/malformed"));
  }
  const stray = entries([3, 1], [5, 1]);
  stray[20] |= 0x80;
  assert.throws(() => sparseTopK.check(stray, elements), code("codec/malformed"));
  const extra = entries([3, 1], [5, 1]);
  extra[16] = 3;
  assert.throws(() => sparseTopK.check(extra, elements), code("codec/malformed"));
  const infinite = entries([3, 1], [5, 1]);
  new DataView(infinite.buffer).setFloat32(12, Infinity, true);
  assert.throws(() => sparseTopK.check(infinite, elements), code("codec/non-finite"));
  for (const size of [0, 16, 20, 22]) {
    const cut = new Uint8Array(size);
    cut.set(entries([3, 1], [5, 1]).subarray(0, size));
    assert.throws(() => sparseTopK.check(cut, elements), code("codec/size"), `${size}`);
  }
});

Deno.test("the mean of sparse contributions is over those who sent an element", async () => {
  const vector = (...pairs: [number, number][]) => {
    const values = new Float32Array(4096);
    for (const [index, value] of pairs) values[index] = value;
    return sparseTopK.encode(values);
  };
  const inputs = [
    { encoded: vector([5, 1], [9, 1]), weight: 3 },
    { encoded: vector([5, -1], [4095, -1]), weight: 1 },
  ];
  const encoded = await new CpuReducer(sparseTopK).reduce(inputs, 4096);
  const mean = sparseMean.decode(encoded, 4096);
  assert.deepEqual(indicesOf(mean), [5, 9, 4095]);
  assert.ok(Math.abs(mean[5] - 0.5) < 1 / 254);
  assert.deepEqual([mean[9], mean[4095]], [1, -1]);
});

Deno.test("a clipped sparse contribution still counts in full where others sent nothing", async () => {
  const vector = (index: number, value: number) => {
    const values = new Float32Array(64);
    values[index] = value;
    return { encoded: sparseTopK.encode(values), weight: 1 };
  };
  const inputs = [vector(1, 1), vector(2, 1), vector(3, 100)];
  const reducer = new CpuReducer(sparseTopK, { clip: true });
  const mean = sparseMean.decode(await reducer.reduce(inputs, 64), 64);
  [1, 2, 3].forEach((index) => assert.ok(Math.abs(mean[index] - 1) < 1e-6, `${index}: ${mean[index]}`));
});

Deno.test("a sparse mean has the documented size, listed or as a bitmap", () => {
  const values = new Float32Array(5000);
  assert.equal(sparseMean.encode(values).byteLength, 4);
  values[7] = 1;
  values[8] = -1;
  values[4999] = 0.25;
  assert.equal(sparseMean.encode(values).byteLength, (6 + 3 + 2) + (6 + 2 + 1));
  assert.deepEqual(sparseMean.decode(sparseMean.encode(values), 5000), values);
  const dense = normal(new Random(5), 5000);
  const encoded = sparseMean.encode(dense);
  assert.ok(encoded.byteLength <= sparseMean.encodedBytes(5000));
  const bound = Math.max(...dense.map(Math.abs)) / 127;
  sparseMean.decode(encoded, 5000).forEach((v, i) => assert.ok(Math.abs(v - dense[i]) <= 0.51 * bound));
  for (const at of [0, 6, 7, 100, 517]) {
    const bad = encoded.slice();
    bad[at] ^= 255;
    assert.throws(
      () => sparseMean.check(bad, 5000),
      (error: any) => error.code.startsWith("codec/"),
      `${at}`,
    );
  }
});

Deno.test("error feedback sends everything in the end", () => {
  const random = new Random(6);
  const elements = 4096 + 1024;
  const delta = normal(random, elements);
  const chunks = [{ startElement: 0, elements: 3072 }, { startElement: 3072, elements: 2048 }];
  const sent = new Float64Array(elements);
  let residual = new Float32Array(elements);
  let values = withResidual(residual, delta, 1);
  for (let round = 0; round < 400; round++) {
    residual = leftOut(sparseTopK, values, chunks);
    values.forEach((v, i) => sent[i] += v - residual[i]);
    values = withResidual(residual, new Float32Array(elements), 1);
  }
  // Whatever is left is no larger than what quantising to two bits leaves of one entry.
  delta.forEach((v, i) => assert.ok(Math.abs(sent[i] - v) < 0.004, `${i}: ${sent[i]} of ${v}`));
  assert.deepEqual(leftOut(f32Codec, delta, chunks), new Float32Array(elements));
});
