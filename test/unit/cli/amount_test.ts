import assert from "node:assert/strict";
import fc from "fast-check";
import { amountFlag, formatTao, formatTaoShort, parseTao } from "../../../src/cli/amount.ts";

Deno.test("TAO are read to the last rao", () => {
  const cases: [string, bigint][] = [
    ["0", 0n],
    ["1", 1_000_000_000n],
    ["0.000000001", 1n],
    ["1.5", 1_500_000_000n],
    ["9007199.254740993", 9_007_199_254_740_993n],
    ["18446744073.709551615", 2n ** 64n - 1n],
    ["007", 7_000_000_000n],
  ];
  for (const [text, rao] of cases) assert.equal(parseTao(text), rao, text);
});

Deno.test("what is no amount of TAO is refused: signs, exponents, more decimals than nine, more than a balance holds", () => {
  const bad = [
    "",
    " 1",
    "1 ",
    "-1",
    "+1",
    "1e3",
    "1.",
    ".5",
    "1.0000000000",
    "0x1",
    "1,5",
    "1_000",
    "NaN",
    "∞",
  ];
  for (const text of [...bad, "18446744073.709551616", "1".repeat(30), "١", "1\n"]) {
    assert.equal(parseTao(text), undefined, text);
    assert.throws(() => amountFlag(text), /at most 9 decimals/, text);
  }
  assert.throws(() => amountFlag("0"), /above zero/);
  assert.equal(amountFlag("0.000000001"), 1n);
});

Deno.test("an amount that is written is read again", () => {
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (rao) => parseTao(formatTao(rao)) === rao));
  assert.equal(formatTao(-1_500_000_000n), "-1.5");
});

Deno.test("tables show four decimals, and nothing as more than it is", () => {
  assert.deepEqual([0n, 1n, 99_999n, 100_000n, 1_999_999_999n].map(formatTaoShort), [
    ...["0.0000", "<0.0001", "<0.0001", "0.0001", "1.9999"],
  ]);
});
