import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { compareDeltas } from "../../../src/score/comparison.ts";
import { normalisedScores, rateStep, type Rating } from "../../../src/score/ratings.ts";
import { judge, MINIMUM_COSINE } from "../../../src/score/verdict.ts";

const COUNT = 20_000;
const random = new Random(3);
const fill = (draw: () => number) => Float32Array.from({ length: COUNT }, draw);
const quantised = (delta: Float32Array) => u8Blockwise.decode(u8Blockwise.encode(delta), delta.length);
const verdictOf = (claimed: Float32Array, replayed: Float32Array) =>
  judge(compareDeltas(claimed, replayed)).verdict;

Deno.test("the codec alone leaves an honest waypoint far inside the tolerances", () => {
  // AdamW after a few steps: near ±learningRate·steps; normal; and normal with one value in 1024 of 50 times the spread.
  const shapes = {
    adam: () => 4e-3 * Math.tanh(3 * random.nextNormal()),
    normal: () => 1e-4 * random.nextNormal(),
    outliers: () => 1e-4 * random.nextNormal() * (random.nextBelow(1024) === 0 ? 50 : 1),
  };
  const worst = { adam: 1e-4, normal: 1e-4, outliers: 2e-3 };
  for (const [name, draw] of Object.entries(shapes)) {
    const delta = fill(draw);
    const comparison = compareDeltas(quantised(delta), delta);
    const lost = 1 - comparison.cosine;
    assert.ok(lost < worst[name as keyof typeof worst], `${name}: ${lost}`);
    assert.ok(Math.abs(comparison.relativeNorm - 1) < 5e-3);
    assert.equal(judge(comparison).verdict, "verified");
  }
});

Deno.test("half a percent of flipped steps, as another adapter's rounding may give, is verified; three are not", () => {
  const delta = fill(() => 4e-3 * Math.tanh(3 * random.nextNormal()));
  const flipped = (share: number) => delta.map((x) => (random.nextFloat() < share ? -x : x));
  assert.equal(verdictOf(quantised(flipped(0.005)), delta), "verified");
  assert.equal(verdictOf(quantised(flipped(0.03)), delta), "wrong-direction");
});

Deno.test("an idle, a scaled, a shorter, a foreign and a broken waypoint are told apart", () => {
  const delta = fill(() => random.nextNormal());
  assert.equal(verdictOf(new Float32Array(COUNT), delta), "unchanged");
  assert.equal(verdictOf(delta.map((x) => x * 1e-5), delta), "unchanged");
  assert.equal(verdictOf(delta.map((x) => x * 0.75), delta), "wrong-length");
  assert.equal(verdictOf(delta.map((x) => x * 2), delta), "wrong-length");
  assert.equal(verdictOf(delta.map((x) => -x), delta), "wrong-direction");
  assert.equal(verdictOf(fill(() => random.nextNormal()), delta), "wrong-direction");
  assert.equal(verdictOf(delta.map((x, i) => (i === 5 ? NaN : x)), delta), "non-finite");
  assert.equal(verdictOf(delta.map((x, i) => (i === 5 ? Infinity : x)), delta), "non-finite");
  assert.equal(judge(undefined).verdict, "missing");
});

Deno.test("a replay that itself did not move blames nobody", () => {
  assert.equal(verdictOf(new Float32Array(4).fill(1), new Float32Array(4)), "unchecked");
});

Deno.test("deltas are compared, for idle parameters look all but right", () => {
  const anchor = fill(() => random.nextNormal());
  const trained = anchor.map((x) => x + 0.02 * random.nextNormal());
  assert.ok(compareDeltas(anchor, trained).cosine > MINIMUM_COSINE);
  const delta = trained.map((x, i) => x - anchor[i]);
  assert.equal(verdictOf(new Float32Array(COUNT), delta), "unchanged");
});

const good = { cosine: 1, relativeNorm: 1, claimedNorm: 1, replayedNorm: 1 };
const bad = { cosine: 0.2, relativeNorm: 1, claimedNorm: 1, replayedNorm: 1 };
const seen = (hotkey: string, samples = 100, evidence: any = good, isCommitted = true) => ({
  hotkey,
  samples,
  evidence,
  isCommitted,
});
const options = { maxSamples: 200 };
const uidOf = (hotkey: string) => ({ a: 1, b: 2, c: 3 } as Record<string, number>)[hotkey];

Deno.test("scores follow verified samples and sum to one", () => {
  const { ratings, receipts } = rateStep(
    [],
    1,
    [seen("a", 150), seen("b", 50), seen("c", 100, bad)],
    { ...options, alpha: 1 },
  );
  const scores = normalisedScores(ratings, uidOf);
  assert.deepEqual([...scores], [[1, 0.75], [2, 0.25]]);
  assert.deepEqual(receipts.map((r) => r.verdict), ["verified", "verified", "wrong-direction"]);
  assert.equal(receipts[2].cosine, 0.2);
  assert.match(receipts[2].reason, /cosine 0.2000/);
});

Deno.test("a dead miner's score falls at once and is forgotten in the end", () => {
  let ratings: Rating[] = [];
  for (let step = 1; step <= 3; step++) {
    ratings = rateStep(ratings, step, [seen("a"), seen("b")], options).ratings;
  }
  let last = 0.5;
  for (let step = 4; step <= 7; step++) {
    const result = rateStep(ratings, step, [seen("a")], options);
    ratings = result.ratings;
    const score = normalisedScores(ratings, uidOf).get(2)!;
    assert.ok(score < 0.75 * last);
    assert.equal(result.receipts.find((r) => r.hotkey === "b")!.verdict, "absent");
    last = score;
  }
  for (let step = 8; step <= 40; step++) ratings = rateStep(ratings, step, [seen("a")], options).ratings;
  assert.deepEqual([...normalisedScores(ratings, uidOf)], [[1, 1]]);
});

Deno.test("claims beyond what can be trained, negative and NaN claims gain nothing", () => {
  const { ratings } = rateStep([], 1, [seen("a", 200), seen("b", 1e12), seen("c", NaN)], options);
  assert.deepEqual([...normalisedScores(ratings, uidOf)], [[1, 0.5], [2, 0.5]]);
  assert.equal(rateStep([], 1, [seen("a", -5)], options).ratings.length, 0);
  assert.equal(normalisedScores([{ hotkey: "a", value: NaN }, { hotkey: "b", value: -1 }], uidOf).size, 0);
});

Deno.test("an unchecked miner keeps its rating, and one outside the commit earns nothing", () => {
  const before = [{ hotkey: "a", value: 0.5 }, { hotkey: "b", value: 0.5 }];
  const unchecked = { verdict: "unchecked", reason: "out of time" };
  const { ratings } = rateStep(before, 9, [seen("a", 100, unchecked), seen("b", 100, good, false)], options);
  assert.deepEqual(ratings, [{ hotkey: "a", value: 0.5 }, { hotkey: "b", value: 0.3 }]);
});

Deno.test("a hotkey that left the chain gets no score", () => {
  const scores = normalisedScores([{ hotkey: "gone", value: 0.9 }, { hotkey: "a", value: 0.1 }], uidOf);
  assert.deepEqual([...scores], [[1, 1]]);
});
