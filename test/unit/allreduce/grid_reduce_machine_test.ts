import assert from "node:assert/strict";
import { everybody, GridHarness, OPTIONS } from "./grid_harness.ts";

const equal = (count: number) => new Array<number>(count).fill(1000);

/** All members finished, with the same digests, and nobody was stalled. */
function assertAllAgree(harness: GridHarness): void {
  const { complete, machines, stalled } = harness;
  assert.deepEqual([...stalled], []);
  assert.equal(complete.size, machines.length);
  assert.equal(new Set(complete.values()).size, 1, "one result");
}

Deno.test("in every arrangement all members end with the same sums of everybody, whatever order messages come in", () => {
  for (
    const [count, units, chunk] of [[4, 9, 1024], [9, 40, 2048], [12, 37, 1024], [23, 64, 1024], [
      50,
      50,
      3072,
    ]]
  ) {
    for (let seed = 1; seed <= 4; seed++) {
      const harness = new GridHarness(equal(count), units, chunk, seed);
      harness.begin();
      harness.run();
      assertAllAgree(harness);
      assert.equal(harness.results.size, harness.plan.chunks.length);
      for (const content of harness.results.values()) assert.deepEqual(content, everybody(count));
    }
  }
});

Deno.test("clients without bandwidth contribute and receive, and reduce nothing", () => {
  const bandwidths = everybody(20).map((i) => i % 5 === 0 ? 0 : 1000 + i);
  const harness = new GridHarness(bandwidths, 64);
  for (const i of [0, 5, 10, 15]) assert.equal(harness.plan.spans[i].chunkCount, 0);
  harness.begin();
  harness.run();
  assertAllAgree(harness);
  for (const content of harness.results.values()) assert.deepEqual(content, everybody(20));
});

Deno.test("a member too slow for the others is in the chunks of its quota, and nobody waits for others of it", () => {
  const bandwidths = [...equal(16), 10];
  const harness = new GridHarness(bandwidths, 320);
  harness.begin();
  harness.run();
  assertAllAgree(harness);
  let partCount = 0;
  for (const [chunk, content] of harness.results) {
    const hasPart = harness.plan.contributes(16, chunk);
    if (hasPart) partCount++;
    assert.deepEqual(content, everybody(hasPart ? 17 : 16));
  }
  assert.ok(partCount > 0 && partCount < harness.results.size / 4, `${partCount} chunks`);
});

Deno.test("bulk travels along rows and columns only", () => {
  const harness = new GridHarness(equal(36), 72);
  harness.begin();
  harness.run();
  const { rowOf, columnOf } = harness.grid;
  for (const link of harness.links) {
    const [a, b] = link.split(" ").map(Number);
    assert.ok(rowOf[a] === rowOf[b] || columnOf[a] === columnOf[b], link);
  }
  assert.equal(harness.links.size, 36 * 10 / 2);
});

Deno.test("a member holds no more than its row's and its column's windows", () => {
  const harness = new GridHarness(equal(16), 400);
  harness.begin();
  harness.run();
  assertAllAgree(harness);
  const window = Math.max(OPTIONS.windowChunks, harness.grid.rows.length);
  assert.ok(harness.mostHeld <= (4 + 4) * window, `${harness.mostHeld} held`);
});

Deno.test("a silent sender is left out of its row's sums from the chunk that it owes, and nobody else is", () => {
  const harness = new GridHarness(equal(16), 64);
  const silent = 6;
  const sent = new Map<number, number>();
  harness.isLost = ({ kind, from, to }) => {
    if (kind !== "chunk" || from !== silent || to === silent) return false;
    sent.set(to, (sent.get(to) ?? 0) + 1);
    return sent.get(to)! > 1;
  };
  harness.begin();
  harness.run();
  assert.equal(harness.complete.size, 0);
  for (let i = 0; i < 30; i++) harness.tick(100);
  assertAllAgree(harness);
  const row = harness.grid.rows[harness.grid.rowOf[silent]];
  assert.deepEqual(new Set(harness.excluded.map(({ by }) => by)), new Set(row.filter((m) => m !== silent)));
  assert.ok(harness.excluded.every(({ sender, code }) => sender === silent && code === "allreduce/late"));
  const without = everybody(16).filter((m) => m !== silent);
  for (const [chunk, content] of harness.results) {
    const column = harness.grid.columnOf[harness.plan.chunks[chunk].reducer];
    const isFirst = harness.grid.streams[column][0] === chunk;
    const isOwn = column === harness.grid.columnOf[silent];
    assert.deepEqual(content, isFirst || isOwn ? everybody(16) : without);
  }
});

Deno.test("a row whose sum is late is left out of that chunk's mean and of the owner's later ones", () => {
  const harness = new GridHarness(equal(16), 64);
  const [owner, reducer] = [harness.grid.columns[1][0], harness.grid.columns[1][2]];
  harness.isLost = ({ kind, from, to }) => kind === "partial" && from === reducer && to === owner;
  harness.begin();
  harness.run();
  for (let i = 0; i < 45; i++) harness.tick(100);
  assertAllAgree(harness);
  assert.deepEqual(harness.excluded.map(({ by, sender, code }) => ({ by, sender, code })), [
    { by: owner, sender: reducer, code: "allreduce/late" },
  ]);
  const lateRow = harness.grid.rows[harness.grid.rowOf[reducer]];
  for (const [chunk, content] of harness.results) {
    const isOwners = harness.plan.chunks[chunk].reducer === owner;
    assert.deepEqual(content, everybody(16).filter((m) => !isOwners || !lateRow.includes(m)));
  }
});

Deno.test("a silent owner is reported by its column, before rows lose patience with who passes results on", () => {
  const harness = new GridHarness(equal(16), 64);
  const owner = harness.grid.columns[2][1];
  harness.isLost = ({ kind, from }) => kind === "result" && from === owner;
  harness.begin();
  harness.run();
  for (let i = 0; i < 55; i++) harness.tick(100);
  const mates = harness.grid.columns[2].filter((m) => m !== owner);
  assert.deepEqual([...harness.stalled.keys()].sort(), [...mates].sort());
  for (const suspects of harness.stalled.values()) assert.deepEqual([...suspects], [owner]);
});

Deno.test("who does not pass results on is reported by its row", () => {
  const harness = new GridHarness(equal(16), 64);
  const relay = harness.grid.columns[0][3];
  const own = (chunk: number) => harness.plan.chunks[chunk].reducer === relay;
  harness.isLost = ({ kind, from, chunk }) => kind === "result" && from === relay && !own(chunk);
  harness.begin();
  harness.run();
  for (let i = 0; i < 80; i++) harness.tick(100);
  const mates = harness.grid.rows[harness.grid.rowOf[relay]].filter((m) => m !== relay);
  assert.deepEqual([...harness.stalled.keys()].sort(), [...mates].sort());
  for (const suspects of harness.stalled.values()) assert.deepEqual([...suspects], [relay]);
});

Deno.test("a member that dies is reported by whom it owes, at once; an extra that dies only lacks", () => {
  const bandwidths = [...equal(9), 0];
  const harness = new GridHarness(bandwidths, 64);
  harness.isLost = ({ from, to }) => from === 9 || to === 9;
  harness.begin();
  harness.run();
  harness.machines.forEach((machine, self) => {
    if (self !== 9) harness.perform(self, machine.memberDown(9, harness.nowMs));
  });
  harness.run();
  assert.deepEqual([...harness.stalled], []);
  assert.equal(harness.complete.size, 9);
  for (const content of harness.results.values()) assert.deepEqual(content, everybody(9));

  const other = new GridHarness(equal(9), 64);
  other.begin();
  const dead = other.grid.columns[1][1];
  other.machines.forEach((machine, self) => {
    if (self !== dead) other.perform(self, machine.memberDown(dead, 0));
  });
  assert.equal(other.stalled.size, 8);
});

Deno.test("a spoiled sum is taken back and made again without who spoiled it, in either stage", () => {
  const harness = new GridHarness(equal(9), 18);
  const { rows, columns, streams } = harness.grid;
  const self = columns[0][0];
  const machine = harness.machines[self];
  machine.begin(0);
  const chunk = streams[0][0];
  const started = rows[0].flatMap((sender) => machine.contributed(sender, chunk, 0));
  assert.deepEqual(started, [{ type: "sum", chunk, senders: [...rows[0]].sort((a, b) => a - b), to: self }]);
  const liar = rows[0][1];
  const again = machine.failed(chunk, liar, "allreduce/corrupt-chunk", 0);
  const others = rows[0].filter((m) => m !== liar).sort((a, b) => a - b);
  assert.deepEqual(again.at(-1), { type: "sum", chunk, senders: others, to: self });
  machine.summed(chunk, 0);
  const combined = columns[0].flatMap((sender) => machine.partial(sender, chunk, 0));
  assert.equal(combined.at(-1)!.type, "combine");
  const falseRow = columns[0][2];
  const second = machine.failed(chunk, falseRow, "allreduce/corrupt-chunk", 0);
  const left = columns[0].filter((m) => m !== falseRow).sort((a, b) => a - b);
  assert.deepEqual(second.at(-1), { type: "combine", chunk, senders: left });
});

Deno.test("results are taken from whom the grid says, in the owner's order, once", () => {
  const harness = new GridHarness(equal(9), 18);
  const { rows, columns } = harness.grid;
  const self = columns[0][0];
  const machine = harness.machines[self];
  machine.begin(0);
  const owner = columns[1][2];
  const { firstChunk } = harness.plan.spans[owner];
  const relay = rows[0][1];
  assert.equal(machine.wantsResult(owner, firstChunk), false, "not from the owner: it is in another column");
  assert.equal(machine.wantsResult(relay, firstChunk + 1), false, "not before the first");
  assert.equal(machine.wantsResult(relay, firstChunk), true);
  machine.result(relay, firstChunk, "a", 0);
  assert.equal(machine.wantsResult(relay, firstChunk), false, "not twice");
  assert.equal(machine.wantsResult(relay, 1e6), false);
  const mate = columns[0][1];
  const passedOn = machine.result(mate, harness.plan.spans[mate].firstChunk, "b", 0);
  assert.deepEqual(passedOn.find(({ type }) => type === "forward"), {
    type: "forward",
    chunk: harness.plan.spans[mate].firstChunk,
    digest: "b",
    to: rows[0].filter((m) => m !== self),
  });
});
