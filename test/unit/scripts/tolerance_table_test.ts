import { strict as assert } from "node:assert";
import { type ToleranceRow, withRows } from "../../../scripts/tolerance_table.ts";

const EMPTY = `# Title

| pair | run | quantity | largest difference | ‖a − b‖ / ‖b‖ | 1 − cosine | allowed |
| --- | --- | --- | --- | --- | --- | --- |

Prose below.
`;
const ROW: ToleranceRow = {
  pair: "a; b",
  run: "pico",
  quantity: "loss",
  absolute: 1.25e-6,
  relative: 2e-7,
  angle: 1e-16,
  allowedRelative: 1e-6,
};

const rowsOf = (page: string) => page.split("\n").filter((line) => line.startsWith("| a"));

Deno.test("a new row is added, prose stays", () => {
  const page = withRows(EMPTY, [ROW, { ...ROW, quantity: "update", angle: 3e-10 }]);
  assert.match(page, /^# Title\n\n\| pair/);
  assert.match(page, /\|\n\nProse below\.\n$/);
  assert.deepEqual(rowsOf(page).map((line) => line.split("|").map((cell) => cell.trim()).slice(1, -1)), [
    ["a; b", "pico", "loss", "1.3e-6", "2.0e-7", "below 1.0e-14", "1.0e-6"],
    ["a; b", "pico", "update", "1.3e-6", "2.0e-7", "3.0e-10", "1.0e-6"],
  ]);
});

Deno.test("a measured row replaces its like and no other", () => {
  const before = withRows(EMPTY, [ROW, { ...ROW, pair: "a; c" }]);
  const after = withRows(before, [{ ...ROW, absolute: 7e-3 }]);
  assert.equal(rowsOf(after).length, 2);
  assert.match(rowsOf(after)[0], /a; b .* 7\.0e-3/);
  assert.equal(rowsOf(after)[1], rowsOf(before)[1]);
  assert.equal(withRows(after, []), after);
});

Deno.test("a page without the table is refused", () => {
  assert.throws(() => withRows("# Title\n", [ROW]), /no table found/);
});
