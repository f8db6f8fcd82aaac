import assert from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../src/allreduce/allreduce.ts";
import { Pace } from "../../../src/allreduce/pace.ts";

const ceilings = { ...DEFAULT_TIMEOUTS, voteTimeoutMs: 60_000, acceptTimeoutMs: 60_000 };

Deno.test("without measurements the ceilings hold", () => {
  const { timeouts } = new Pace(ceilings);
  for (const [name, value] of Object.entries(ceilings)) {
    assert.equal(timeouts[name as keyof typeof timeouts], value, name);
  }
});

Deno.test("a deadline is the median and eight deviations, whatever single stragglers did", () => {
  const pace = new Pace(ceilings);
  for (const ms of [5000, 5100, 5200, 4800, 4900, 5000, 5100, 50_000]) pace.observe("vote", ms);
  // median 5050; deviations 50 50 150 250 150 50 50 44950 → 100
  assert.equal(pace.timeouts.voteTimeoutMs, 5050 + 8 * 100);
});

Deno.test("a fast swarm is given the floor, a slow one the ceiling at most", () => {
  const pace = new Pace(ceilings);
  for (let k = 0; k < 10; k++) {
    pace.observe("accept", 3);
    pace.observe("vote", 100_000);
  }
  assert.equal(pace.timeouts.acceptTimeoutMs, 2000);
  assert.equal(pace.timeouts.voteTimeoutMs, 60_000);
});

Deno.test("each expiry doubles the deadline, each committed round takes one doubling back", () => {
  const pace = new Pace(ceilings);
  for (let k = 0; k < 10; k++) pace.observe("accept", 3);
  pace.expired("accept");
  pace.expired("accept");
  assert.equal(pace.timeouts.acceptTimeoutMs, 8000);
  pace.settled();
  assert.equal(pace.timeouts.acceptTimeoutMs, 4000);
});

Deno.test("old measurements are forgotten", () => {
  const pace = new Pace(ceilings);
  for (let k = 0; k < 64; k++) pace.observe("vote", 30_000);
  for (let k = 0; k < 64; k++) pace.observe("vote", 5000);
  assert.equal(pace.timeouts.voteTimeoutMs, 5000);
});

Deno.test("a reducer is given twice the time of a sender", () => {
  const pace = new Pace(ceilings);
  for (let k = 0; k < 10; k++) pace.observe("sender", 7000);
  for (let k = 0; k < 10; k++) pace.observe("reducer", 100);
  assert.equal(pace.timeouts.reducerTimeoutMs, 14_000);
});
