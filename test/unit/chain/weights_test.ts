import { strict as assert } from "node:assert";
import fc from "fast-check";
import { isSkeinError } from "../../../src/base/errors.ts";
import { scoresToWeights } from "../../../src/chain/weights.ts";

Deno.test("the best score becomes 65535, the others in proportion, ascending by uid, zeros dropped", () => {
  const weights = scoresToWeights(new Map([[7, 0.5], [2, 1], [3, 0], [9, 0.25], [4, 1e-9]]));
  assert.deepEqual(weights, { uids: [2, 7, 9], values: [65535, 32768, 16384] });
});

Deno.test("only the ratios of scores count", () => {
  const scores = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(scores, fc.constantFrom(0.5, 2, 1024), (values, scale) => {
    const weigh = (by: number) => scoresToWeights(new Map(values.map((value, uid) => [uid, value * by])));
    assert.deepEqual(weigh(1), weigh(scale));
    assert.equal(Math.max(...weigh(1).values), 65535);
  }));
});

Deno.test("scores that are no weights are refused", () => {
  const wrong: [number, number][][] = [
    [],
    [[0, 0], [1, 0]],
    [[0, -1], [1, 1]],
    [[0, NaN]],
    [[0, Infinity]],
    [[65536, 1]],
    [[0.5, 1]],
  ];
  for (const scores of wrong) {
    assert.throws(
      () => scoresToWeights(new Map(scores)),
      (error) => isSkeinError(error, "chain/bad-weights"),
    );
  }
});
