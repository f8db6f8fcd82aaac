/** A short run of `deno task chaos`, and the proof that its ledger sees what it is for. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { chaos } from "./campaign.ts";
import { contributionOf, findWrongBlock } from "./contribution.ts";
import type { KillReport } from "./kills.ts";
import { Ledger } from "./ledger.ts";

Deno.test("members are killed in the middle of rounds: one state, the next round commits, each comes back", async () => {
  const directory = await Deno.makeTempDir({ prefix: "skein-chaos-" });
  const reports: KillReport[] = [];
  const options = { kills: 4, seed: 3, memberCount: 6, elementCount: 1_000_000, directory };
  const { summary, violations } = await chaos(options, systemClock, (report) => reports.push(report));
  assert.deepEqual(violations, [], `events are in ${directory}`);
  assert.equal(summary.committed + summary.aborted, 4, JSON.stringify(reports));
  assert.ok(summary.steps > 8);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("the ledger sees two roots, a lost anchor, a step back, a wrong result and a death of its own", async () => {
  const breaches: [string, Record<string, unknown>[]][] = [
    ["two roots", [
      { event: "committed", outerStep: 1, root: "a" },
      { event: "fetched", outerStep: 1, root: "b" },
    ]],
    ["two roots", [
      { event: "committed", outerStep: 1, root: "a" },
      { event: "aborted", outerStep: 2, root: "b" },
    ]],
    ["went back", [
      { event: "committed", outerStep: 2, root: "a" },
      { event: "started", outerStep: 1, root: "b" },
    ]],
    ["no mean", [{ event: "violation", what: "no mean" }]],
    ["ended by itself", [{ event: "ended", code: 1 }]],
  ];
  for (const [what, events] of breaches) {
    const ledger = new Ledger(1, systemClock, () => {});
    for (const event of events) ledger.note(0, event as never);
    assert.equal(ledger.violations.length, 1);
    assert.ok(ledger.violations[0].includes(what), ledger.violations[0]);
  }
  const ledger = new Ledger(1, systemClock, () => {});
  assert.equal(await ledger.until("nothing", 1, () => false), false);
  assert.equal(ledger.violations.length, 1);
});

Deno.test("means of distinct members are told from sums with one twice, and from chunks that changed places", () => {
  const elementCount = 10_000;
  const [a, b, c] = [0, 3, 5].map((index) => contributionOf(index, elementCount));
  const mean = (parts: Float32Array[]) =>
    Float32Array.from(
      { length: elementCount },
      (_, e) => parts.reduce((sum, part) => sum + part[e], 0) / parts.length,
    );
  assert.equal(findWrongBlock(mean([a, b, c]), 6), undefined);
  assert.equal(findWrongBlock(mean([c]), 6), undefined);
  assert.ok(findWrongBlock(mean([a, b, b]), 6));
  const swapped = mean([a, b]);
  swapped.set(swapped.slice(0, 2048), 4096);
  assert.ok(findWrongBlock(swapped, 6));
  const torn = mean([a, b]);
  torn[5000] += 1;
  assert.ok(findWrongBlock(torn, 6));
});
