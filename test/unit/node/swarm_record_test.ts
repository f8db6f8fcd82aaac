import assert from "node:assert/strict";
import { type NodeEvent, parseEventLine } from "../../../src/node/events.ts";
import { SwarmRecord } from "../../../src/node/swarm_record.ts";

const ROUND = {
  event: "round",
  role: "miner",
  hotkey: "m1",
  outerStep: 1,
  root: "aa",
  members: 2,
  seconds: 3,
  sentBytes: 10,
  receivedBytes: 10,
  encodedBytes: 100,
  rawBytes: 400,
  validationLoss: 5,
} as const;

function recordOf(...events: object[]): SwarmRecord {
  const record = new SwarmRecord();
  record.spawned("miner", "m1", 1);
  record.spawned("miner", "m2", 2);
  record.spawned("validator", "v1", 3);
  for (const event of events) record.apply(event as NodeEvent);
  return record;
}

Deno.test("the summary has a round per step and, for each node, the root it held or null", () => {
  const record = recordOf(
    { event: "evaluated", hotkey: "m1", outerStep: 0, validationLoss: 5.5 },
    ROUND,
    { ...ROUND, hotkey: "v1", role: "validator", seconds: 9, validationLoss: 4.9 },
    { ...ROUND, hotkey: "m2", outerStep: 2, root: "bb", validationLoss: null },
  );
  const summary = record.summary("pico", 2);
  assert.equal(summary.initialValidationLoss, 5.5);
  assert.deepEqual(summary.nodes.map(({ roots }) => roots), [["aa", null], [null, "bb"], ["aa", null]]);
  assert.deepEqual(summary.rounds[0], {
    outerStep: 1,
    root: "aa",
    members: 2,
    seconds: 3,
    wireBytes: 20,
    encodedBytes: 100,
    rawBytes: 400,
    validationLoss: 4.9,
  });
  assert.equal(summary.rounds[1].validationLoss, null);
});

Deno.test("a step is reached when every live node holds it", () => {
  const record = recordOf(ROUND, { ...ROUND, hotkey: "v1", role: "validator" });
  assert.equal(record.allReached(1), false);
  record.exited("m2");
  assert.equal(record.allReached(1), true);
});

Deno.test("scores of the newest weights are shown, and a lower step does not turn them back", () => {
  const record = recordOf(
    { event: "weights-set", hotkey: "v1", outerStep: 2, weights: { m1: 65535 }, scores: { m1: 1 } },
    { event: "weights-set", hotkey: "v1", outerStep: 1, weights: { m1: 65535 }, scores: { m1: 1 } },
  );
  assert.equal(record.weightsOuterStep, 2);
  assert.equal(record.nodes.get("m1")!.score, 1);
});

Deno.test("lines that are no events are passed over, and events of unknown kinds are passed on untyped", () => {
  for (const line of ["", "not json", "[1]", "null", '{"no":"event"}']) {
    assert.equal(parseEventLine(line), undefined, line);
  }
  assert.deepEqual(parseEventLine('{"event":"new-kind","x":1}'), {
    known: undefined,
    raw: { event: "new-kind", x: 1 },
  });
  assert.equal(parseEventLine(JSON.stringify({ ...ROUND, outerStep: -1 }))!.known, undefined);
  assert.equal(parseEventLine(JSON.stringify(ROUND))!.known!.event, "round");
});
