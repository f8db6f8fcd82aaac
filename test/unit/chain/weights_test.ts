import { strict as assert } from "node:assert";
import fc from "fast-check";
import { isSkeinError } from "../../../src/base/errors.ts";
import { Random } from "../../../src/base/random.ts";
import { scoresToWeights, type WeightRules, weightsWithin } from "../../../src/chain/weights.ts";

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

const RULES = { neuronCount: 8, minAllowedWeights: 1, maxWeightsLimit: 65535 };

Deno.test("weights that a subnet would refuse are refused before they are sent", () => {
  const three = new Map([[0, 1], [1, 2], [2, 3]]);
  const refused = (rules: Partial<WeightRules>, scores = three) =>
    assert.throws(() => weightsWithin(scores, { ...RULES, ...rules }), { code: "chain/bad-weights" });
  refused({ neuronCount: 2 });
  refused({ minAllowedWeights: 4 });
  refused({ maxWeightsLimit: 16384 - 1 });
  assert.deepEqual(weightsWithin(three, { ...RULES, minAllowedWeights: 3 }), scoresToWeights(three));
});

Deno.test("weights on oneself alone are free of the rules", () => {
  const rules = { ...RULES, minAllowedWeights: 4, maxWeightsLimit: 100 };
  assert.deepEqual(weightsWithin(new Map([[3, 0.5]]), { ...rules, ownUid: 3 }), {
    uids: [3],
    values: [65535],
  });
  assert.throws(() => weightsWithin(new Map([[3, 0.5]]), { ...rules, ownUid: 2 }), {
    code: "chain/bad-weights",
  });
});

Deno.test("no share is above the subnet's limit, and what is cut off goes to the others in proportion", () => {
  const random = new Random(5);
  for (let round = 0; round < 200; round++) {
    const count = 2 + random.nextBelow(40);
    const scores = new Map(Array.from({ length: count }, (_, uid) => [uid, random.nextFloat() ** 4 + 1e-3]));
    const maxWeightsLimit = Math.ceil(65535 / count) + random.nextBelow(20_000);
    const { values } = weightsWithin(scores, { ...RULES, neuronCount: 64, maxWeightsLimit });
    const sum = values.reduce((a, b) => a + b, 0);
    const share = Math.max(...values) / sum;
    assert.ok(
      share <= maxWeightsLimit / 65535 + 1e-9 || share <= 1 / count + 1e-4,
      `${count}: ${share} of ${maxWeightsLimit}`,
    );
  }
  const cut = weightsWithin(new Map([[0, 60], [1, 24], [2, 16]]), { ...RULES, maxWeightsLimit: 32768 });
  assert.deepEqual(cut.uids, [0, 1, 2]);
  assert.ok(Math.abs(cut.values[1] / cut.values[2] - 1.5) < 1e-3, "the others keep their ratio");
});
