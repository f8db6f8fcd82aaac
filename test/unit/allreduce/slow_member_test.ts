/** Members too slow for the others: what the plan asks of them, and that nobody waits for more. */
import assert from "node:assert/strict";
import { firstNonFinite } from "../../../src/codec/float_bits.ts";
import type { Header } from "../../../src/allreduce/messages.ts";
import { type ReduceAction, ReduceMachine } from "../../../src/allreduce/reduce_machine.ts";
import { ResultOrder } from "../../../src/allreduce/result_order.ts";
import { planSpans, type SpanPlan } from "../../../src/allreduce/span_plan.ts";

const OPTIONS = { windowChunks: 4, senderTimeoutMs: 1000, reducerTimeoutMs: 2000 };
const chunksOf = (plan: SpanPlan, member: number) =>
  plan.chunks.filter(({ index }) => plan.contributes(member, index)).map(({ index }) => index);

Deno.test("members of like bandwidth contribute everything", () => {
  for (const bandwidths of [[1, 1, 1, 1], [4, 1, 1, 1], [1, 1], [0, 0, 0], [1, 0, 1], [2, 1, 1, 0.6]]) {
    const plan = planSpans(1 << 20, 4096, bandwidths);
    bandwidths.forEach((_, member) => assert.equal(chunksOf(plan, member).length, plan.chunks.length));
  }
});

Deno.test("a member at a tenth of the bandwidth contributes what it can send in time, other chunks each step", () => {
  const bandwidths = [1, 1, 1, 0.1];
  const seen = new Set<number>();
  for (let step = 0; step < 40; step++) {
    const plan = planSpans(1 << 20, 4096, bandwidths, step);
    assert.equal(plan.spans[3].chunkCount, 0);
    const own = chunksOf(plan, 3);
    // In tensors at full bandwidth: well inside the 1.67 that the others take.
    assert.ok(own.length / plan.chunks.length / 0.1 < 0.7);
    assert.ok(own.length >= 3, "one of each span at least");
    for (const chunk of own) seen.add(chunk);
    for (const member of [0, 1, 2]) assert.equal(chunksOf(plan, member).length, plan.chunks.length);
  }
  assert.equal(
    seen.size,
    planSpans(1 << 20, 4096, bandwidths).chunks.length,
    "in the end every element counts",
  );
});

Deno.test("a reducer waits for a slow member's own chunks, takes no others of it, and goes on without them", () => {
  const plan = planSpans(3 * 16 * 1024, 1024, [1, 1, 1, 0.1]);
  const machine = new ReduceMachine(plan, 0, OPTIONS);
  machine.begin(0);
  const { firstChunk, chunkCount } = plan.spans[0];
  const reduced: number[] = [];
  const take = (actions: ReduceAction[]): void => {
    for (const action of actions) {
      if (action.type !== "reduce") continue;
      reduced.push(action.chunk);
      assert.equal(action.senders.includes(3), plan.contributes(3, action.chunk));
      take(machine.reduced(action.chunk, "00", 0));
    }
  };
  for (let chunk = firstChunk; chunk < firstChunk + chunkCount; chunk++) {
    assert.equal(machine.wants(3, chunk), plan.contributes(3, chunk));
    if (plan.contributes(3, chunk)) take(machine.contributed(3, chunk, 0));
    for (const sender of [0, 1, 2]) take(machine.contributed(sender, chunk, 0));
  }
  assert.equal(reduced.length, chunkCount);
});

Deno.test("a slow member sends its chunks at once, wherever they lie, within its window", () => {
  const plan = planSpans(3 * 64 * 1024, 1024, [1, 1, 1, 0.1], 9);
  const machine = new ReduceMachine(plan, 3, OPTIONS);
  const sent = machine.begin(0).filter((action) => action.type === "contribute").map(({ chunk }) => chunk);
  assert.deepEqual(sent, chunksOf(plan, 3));
});

Deno.test("of a sender's contributions no more than the window are without a result", () => {
  const plan = planSpans(2 * 32 * 1024, 1024, [1, 1]);
  const machine = new ReduceMachine(plan, 0, OPTIONS);
  const toOther = (actions: ReduceAction[]) =>
    actions.filter((action) => action.type === "contribute" && action.to === 1).length;
  assert.equal(toOther(machine.begin(0)), 4);
  const { firstChunk } = plan.spans[1];
  assert.equal(toOther(machine.result(1, firstChunk, "00", 0)), 1);
  assert.equal(toOther(machine.result(1, firstChunk + 2, "00", 0)), 0, "results count in order");
});

Deno.test("results that overtook each other are told in order, each once", () => {
  const plan = planSpans(2 * 4 * 1024, 1024, [1, 1]);
  const order = new ResultOrder(plan);
  const { firstChunk } = plan.spans[1];
  const told = [2, 0, 3, 1].map((at) =>
    order.arrived(1, { chunk: firstChunk + at } as Header<"result">).map(({ chunk }) => chunk - firstChunk)
  );
  assert.deepEqual(told, [[], [0], [], [1, 2, 3]]);
});

Deno.test("the first value that is not finite is found, at the ends of blocks and in views", () => {
  const values = new Float32Array(10_001).fill(-3e38);
  assert.equal(firstNonFinite(values), -1);
  for (const at of [0, 1, 4095, 4096, 8191, 10_000]) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      values[at] = bad;
      assert.equal(firstNonFinite(values), at);
      assert.equal(firstNonFinite(values.subarray(1)), at - 1);
      values[at] = 1e-45;
    }
  }
});
