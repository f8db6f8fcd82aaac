/** Buffers of contributions: who holds them, and when they may be used again. */
import assert from "node:assert/strict";
import { ChunkBuffers } from "../../../src/allreduce/chunk_buffers.ts";
import { Contributions } from "../../../src/allreduce/contributions.ts";
import type { Proposal } from "../../../src/allreduce/proposal.ts";
import type { SpanPlan } from "../../../src/allreduce/span_plan.ts";
import { codecByName } from "../../../src/codec/by_name.ts";

const codec = codecByName("u8");
const FULL = codec.encodedBytes(1024), TAIL = codec.encodedBytes(100);

function setUp() {
  const buffers = new ChunkBuffers(1 << 20);
  const chunks = [{ startElement: 0, elements: 1024 }, { startElement: 1024, elements: 100 }];
  const members = [{ hotkey: "a", samples: 1 }, { hotkey: "b", samples: 3 }];
  const values = Float32Array.from({ length: 1124 }, (_, i) => i - 500);
  const contributions = new Contributions(
    { members } as unknown as Proposal,
    { chunks } as unknown as SpanPlan,
    values,
    { self: "a", codec, buffers },
  );
  return { buffers, contributions, values };
}

Deno.test("there is a place for what a chunk encodes to, and for no other size", () => {
  const { contributions } = setUp();
  assert.equal(contributions.place(0, FULL)!.length, FULL);
  assert.equal(contributions.place(1, TAIL)!.length, TAIL);
  for (const [chunk, bytes] of [[0, TAIL], [1, FULL], [0, 1], [2, FULL], [-1, FULL], [0.5, FULL]]) {
    assert.equal(contributions.place(chunk, bytes), undefined);
  }
});

Deno.test("two that come at once never share a place, and what is held is not handed out", () => {
  const { contributions, buffers } = setUp();
  const places = Array.from({ length: 3 }, () => contributions.place(0, FULL)!);
  assert.equal(new Set(places.map(({ buffer }) => buffer)).size, 3);
  contributions.keep("b", 0, places[0]);
  buffers.give(places[1]); // refused
  assert.equal(contributions.place(0, FULL), places[1]);
  assert.notEqual(contributions.place(0, FULL), places[0]);
});

Deno.test("what was summed is used again, what was left out or dropped is not", () => {
  const { contributions, values } = setUp();
  const own = codec.encode(values.subarray(0, 1024));
  const first = contributions.place(0, FULL)!;
  contributions.keep("b", 0, first);
  const inputs = contributions.inputs(0, [0, 1]);
  assert.deepEqual(inputs.get("a"), { encoded: own, weight: 1 });
  assert.deepEqual(inputs.get("b"), { encoded: first, weight: 3 });
  contributions.spent(0, inputs);
  assert.equal(contributions.has("b", 0), false);
  const again = [contributions.place(0, FULL), contributions.place(0, FULL)];
  assert.deepEqual(new Set(again), new Set([...inputs.values()].map(({ encoded }) => encoded)));
  contributions.keep("b", 0, again[0]!);
  contributions.forget("b", [0]); // a sum under way may read it still
  assert.equal(contributions.has("b", 0), false);
  contributions.keep("b", 0, again[1]!);
  contributions.clear();
  assert.ok(!again.includes(contributions.place(0, FULL)));
});
