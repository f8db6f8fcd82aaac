import assert from "node:assert/strict";
import { Hints } from "../../../src/allreduce/hints.ts";
import { Suspicions } from "../../../src/allreduce/suspicions.ts";

Deno.test("suspicion lasts twice as long each time, and a conviction longest", () => {
  const suspicions = new Suspicions();
  suspicions.suspect("a", 0, 100);
  assert.ok(suspicions.isSuspect("a", 99));
  assert.ok(!suspicions.isSuspect("a", 100));
  suspicions.suspect("a", 1000, 100);
  assert.ok(suspicions.isSuspect("a", 1199));
  assert.ok(!suspicions.isSuspect("a", 1200));
  suspicions.convict("b", 0, 100);
  assert.ok(suspicions.isSuspect("b", 6399));
  assert.ok(suspicions.strikes("b") > suspicions.strikes("a"));
});

Deno.test("whoever takes part to the end is forgiven, strike by strike", () => {
  const suspicions = new Suspicions();
  suspicions.suspect("a", 0, 100);
  suspicions.suspect("a", 0, 100);
  suspicions.forgive("a");
  assert.equal(suspicions.strikes("a"), 1);
  suspicions.forgive("a");
  suspicions.forgive("a");
  assert.equal(suspicions.strikes("a"), 0);
  assert.ok(!suspicions.isSuspect("a", 1));
});

Deno.test("a sender of far certificates is believed less and less until we have come as far", () => {
  const hints = new Hints();
  let nowMs = 0;
  const pauses = [];
  for (let k = 0; k < 3; k++) {
    hints.followed("liar", 2 ** 31, nowMs);
    const startMs = nowMs;
    while (!hints.isWorthALook("liar", nowMs)) nowMs += 1000;
    pauses.push(nowMs - startMs);
  }
  assert.deepEqual(pauses, [5000, 10_000, 20_000]);
  hints.followed("ahead", 7, nowMs);
  assert.ok(!hints.isWorthALook("ahead", nowMs));
  hints.reached(7);
  assert.ok(hints.isWorthALook("ahead", nowMs));
  assert.ok(hints.isWorthALook("stranger", nowMs));
});

Deno.test("being slow, however often, is no proof of lying", () => {
  const suspicions = new Suspicions();
  for (let k = 0; k < 20; k++) suspicions.suspect("slow", k * 1e9, 100);
  assert.ok(!suspicions.isConvicted("slow"));
  suspicions.convict("liar", 0, 100);
  suspicions.suspect("liar", 0, 100);
  assert.ok(suspicions.isConvicted("liar"));
});
