import assert from "node:assert/strict";
import { Gathering } from "../../../src/allreduce/gathering.ts";

const LIMITS = { senderTimeoutMs: 1000, reducerTimeoutMs: 9000 };
const MEMBERS = [0, 1, 2, 3];

function waitingFor(delivered: readonly [member: number, atMs: number][]): Gathering {
  const gathering = new Gathering([7, 8], MEMBERS, 0);
  for (const [member, atMs] of delivered) gathering.add(member, 7, atMs);
  return gathering;
}

Deno.test("on a slow link nobody is late while most are missing", () => {
  const gathering = waitingFor([[0, 0], [1, 3000]]);
  assert.ok(!gathering.isLate(7900, LIMITS));
  assert.ok(gathering.isLate(8100, LIMITS), "but not for ever: nothing has come for five seconds");
});

Deno.test("whoever lacks a chunk that most have delivered quickly is late after the senders' deadline", () => {
  const gathering = waitingFor([[0, 0], [1, 10], [2, 20]]);
  assert.ok(!gathering.isLate(1000, LIMITS));
  assert.ok(gathering.isLate(1021, LIMITS));
  assert.deepEqual(gathering.missing(), [3]);
});

Deno.test("when most took their time, the rest are given four times as long", () => {
  const gathering = waitingFor([[0, 0], [1, 500], [2, 900]]);
  assert.ok(!gathering.isLate(900 + 3600, LIMITS));
  assert.ok(gathering.isLate(900 + 3601, LIMITS));
});

Deno.test("what came early for the next chunk counts as soon as it is waited for", () => {
  const gathering = waitingFor([[0, 0], [1, 0], [2, 0], [3, 0]]);
  for (const member of [0, 1, 2]) gathering.add(member, 8, 5);
  assert.deepEqual(gathering.take(), { chunk: 7, senders: MEMBERS });
  assert.ok(!gathering.isLate(9000, LIMITS), "it is being summed");
  gathering.summed(9000);
  assert.ok(!gathering.isLate(10_000, LIMITS));
  assert.ok(gathering.isLate(10_001, LIMITS));
});
