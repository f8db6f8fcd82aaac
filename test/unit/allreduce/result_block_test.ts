/** Each chunk has one place, which is given away once. */
import assert from "node:assert/strict";
import { ResultBlock } from "../../../src/allreduce/result_block.ts";
import type { SpanPlan } from "../../../src/allreduce/span_plan.ts";
import type { Codec } from "../../../src/codec/codec.ts";

const plan = { chunks: [{ elements: 10 }, { elements: 10 }, { elements: 3 }] } as unknown as SpanPlan;
const codec = { encodedBytes: (elements: number) => 2 * elements } as Codec;

Deno.test("places lie beside each other in one block and do not overlap", () => {
  const block = new ResultBlock(plan, codec);
  const places = [block.place(2, 6)!, block.place(0, 20)!, block.place(1, 20)!];
  assert.deepEqual(places.map(({ byteOffset, length }) => [byteOffset, length]), [[40, 6], [0, 20], [
    20,
    20,
  ]]);
  for (const place of places) assert.equal(place.buffer, places[0].buffer);
  assert.equal(places[0].buffer.byteLength, 46);
});

Deno.test("a place is given away once, whatever became of who got it", () => {
  const block = new ResultBlock(plan, codec);
  assert.ok(block.place(1, 20));
  assert.equal(block.place(1, 20), undefined);
  assert.ok(block.place(0, 20));
});

Deno.test("there is none for another size or for what is no chunk, and asking spends nothing", () => {
  const block = new ResultBlock(plan, codec);
  for (const bytes of [0, 19, 21, 4 << 20]) assert.equal(block.place(0, bytes), undefined);
  for (const chunk of [-1, 3, 0.5, NaN, Infinity]) assert.equal(block.place(chunk, 20), undefined);
  assert.ok(block.place(0, 20));
});
