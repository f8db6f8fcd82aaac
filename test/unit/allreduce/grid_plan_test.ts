import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { gridShape, planGrid } from "../../../src/allreduce/grid_plan.ts";
import { everybody } from "./grid_harness.ts";

Deno.test("every arrangement tiles the tensor and has each member once, whatever the bandwidths", () => {
  const random = new Random(11);
  for (let run = 0; run < 60; run++) {
    const count = 4 + random.nextBelow(300);
    const bandwidths = everybody(count).map(() => random.nextBelow(6) === 0 ? 0 : 1 + random.nextBelow(1e6));
    const elementCount = 1 + random.nextBelow(2_000_000);
    const { chunks, spans, grid } = planGrid(elementCount, 4096, bandwidths);
    let next = 0;
    chunks.forEach(({ index, startElement, elements, reducer }, k) => {
      assert.equal(index, k);
      assert.equal(startElement, next);
      const { firstChunk, chunkCount } = spans[reducer];
      assert.ok(k >= firstChunk && k < firstChunk + chunkCount, "a chunk lies in its owner's span");
      next += elements;
    });
    assert.equal(next, elementCount);
    const { rows, columns, extras, rowOf, columnOf, streams } = grid!;
    assert.deepEqual([...rows.flat(), ...extras.flat()].sort((a, b) => a - b), everybody(count));
    rows.forEach((row, r) =>
      row.forEach((member, c) => {
        assert.equal(columns[c][r], member);
        assert.deepEqual([rowOf[member], columnOf[member]], [r, c]);
      })
    );
    extras.forEach((list, r) =>
      list.forEach((member) => assert.deepEqual([rowOf[member], columnOf[member]], [r, -1]))
    );
    for (const member of extras.flat()) assert.equal(spans[member].chunkCount, 0);
    assert.deepEqual(streams.flat().sort((a, b) => a - b), everybody(chunks.length));
    streams.forEach((stream, c) => {
      for (const chunk of stream) assert.equal(columnOf[chunks[chunk].reducer], c);
    });
  }
});

Deno.test("shapes are about square and have few extras a row", () => {
  assert.deepEqual(gridShape(64, 64), { rowCount: 8, columnCount: 8 });
  assert.deepEqual(gridShape(65, 65), { rowCount: 8, columnCount: 8 });
  assert.deepEqual(gridShape(1000, 1000), { rowCount: 25, columnCount: 40 });
  assert.deepEqual(gridShape(1, 20), { rowCount: 1, columnCount: 1 });
  for (let count = 65; count <= 1024; count++) {
    const { rowCount, columnCount } = gridShape(count, count);
    assert.ok(rowCount * columnCount <= count && columnCount >= rowCount && columnCount <= 2.5 * rowCount);
    assert.ok(count - rowCount * columnCount <= rowCount, `${count}: more than one extra a row`);
  }
});

/** Tensors that a member sends, by the three stages; in a grid of bytes nobody may be far above the others. */
function sentBy(member: number, { spans, grid, elementCount }: ReturnType<typeof planGrid>): number {
  const { rows, columns, extras, rowOf, columnOf } = grid!;
  const [row, column] = [rowOf[member], columnOf[member]];
  const width = (c: number) => columns[c].reduce((sum, m) => sum + spans[m].elements, 0) / elementCount;
  if (column < 0) return 1;
  const own = spans[member].elements / elementCount;
  const partials = width(column) - own;
  const results = own * (columns[column].length - 1) +
    width(column) * (rows[row].length - 1 + extras[row].length);
  return 1 - width(column) + partials + results;
}

Deno.test("equal members send 2(1 − 1/N) tensors each, as in a mesh", () => {
  for (const count of [16, 64, 100, 1000]) {
    const plan = planGrid(1024 * count * 3, 1024, everybody(count).map(() => 1000));
    for (const member of everybody(count)) {
      const bound = 2 * (1 - 1 / count);
      assert.ok(Math.abs(sentBy(member, plan) / bound - 1) < 0.01, `${count}: ${sentBy(member, plan)}`);
    }
  }
});

Deno.test("members of little bandwidth take less time than by equal shares, and nobody waits for the slowest column", () => {
  const bandwidths = everybody(100).map((i) => i < 30 ? 1000 : 3000);
  const plan = planGrid(1024 * 4000, 1024, bandwidths);
  const seconds = everybody(100).map((member) => sentBy(member, plan) / bandwidths[member]);
  const equalShares = (2 * (1 - 1 / 100)) / 1000;
  assert.ok(Math.max(...seconds) < 0.6 * equalShares, `${Math.max(...seconds) / equalShares}`);
});

Deno.test("who is too slow for the others contributes other chunks each turn, and everybody else all", () => {
  const bandwidths = everybody(90).map((i) => i === 40 ? 20 : 1000);
  const taken = new Set<number>();
  for (let turn = 0; turn < 100; turn++) {
    const plan = planGrid(1024 * 900, 1024, bandwidths, turn);
    assert.equal(plan.spans[40].chunkCount, 0, "it reduces nothing");
    const own = plan.chunks.filter(({ index }) => plan.contributes(40, index));
    assert.ok(own.length > 0 && own.length < 0.15 * plan.chunks.length, `${own.length} chunks`);
    own.forEach(({ index }) => taken.add(index));
    assert.ok(plan.chunks.every(({ index }) => plan.contributes(41, index)));
  }
  assert.equal(taken.size, 900, "each chunk in its turn");
});

Deno.test("the arrangement is a function of the members' order and bandwidths alone", () => {
  const bandwidths = everybody(77).map((i) => 1000 + (i * 37) % 50);
  const [a, b] = [planGrid(1e6, 2048, bandwidths), planGrid(1e6, 2048, [...bandwidths])];
  assert.deepEqual([a.grid, a.spans, a.chunks], [b.grid, b.spans, b.chunks]);
});
