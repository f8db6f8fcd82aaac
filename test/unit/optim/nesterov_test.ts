import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Random } from "../../../src/base/random.ts";
import { nesterovStep } from "../../../src/optim/nesterov.ts";
import { warmupCosine } from "../../../src/optim/schedule.ts";

Deno.test("Nesterov matches torch.optim.SGD(lr=0.7, momentum=0.9, nesterov=True) worked by hand", () => {
  const theta = Float32Array.of(1, -2);
  const momentum = new Float32Array(2);
  nesterovStep(theta, momentum, Float32Array.of(0.5, 0.25), { learningRate: 0.7, momentum: 0.9 });
  // m = g; update = 1.9·g; θ − 0.7·1.9·g
  const near = (found: number, wanted: number) =>
    assert.ok(Math.abs(found - wanted) < 1e-6, `${found} ≠ ${wanted}`);
  near(theta[0], 1 - 0.665);
  near(theta[1], -2 - 0.3325);
  nesterovStep(theta, momentum, Float32Array.of(-1, 0), { learningRate: 0.7, momentum: 0.9 });
  // m = 0.9·0.5 − 1 = −0.55; update = −1 − 0.495
  near(momentum[0], -0.55);
  near(theta[0], 0.335 + 0.7 * 1.495);
  near(momentum[1], 0.225);
  near(theta[1], -2.3325 - 0.7 * 0.9 * 0.225);
});

Deno.test("the same bits come out on every machine", () => {
  const random = new Random(5);
  const fill = () => Float32Array.from({ length: 4099 }, () => random.nextFloat() * 2 - 1);
  const theta = fill();
  const momentum = new Float32Array(4099);
  for (let i = 0; i < 5; i++) nesterovStep(theta, momentum, fill(), { learningRate: 0.7, momentum: 0.9 });
  const digest = createHash("sha256").update(new Uint8Array(theta.buffer)).update(
    new Uint8Array(momentum.buffer),
  );
  assert.equal(digest.digest("hex"), "2ed497c83875b4062d466697e2fc57caaf80515378a02999f59cf27b9e6d67c7");
});

Deno.test("each operation rounds to f32: a fused or f64 evaluation differs", () => {
  const random = new Random(9);
  const draw = () => Math.fround(random.nextFloat() * 2 - 1);
  const [eta, mu] = [Math.fround(0.7), Math.fround(0.9)];
  let differences = 0;
  for (let i = 0; i < 400; i++) {
    const [t, m, g] = [draw(), draw(), draw()];
    const theta = Float32Array.of(t);
    nesterovStep(theta, Float32Array.of(m), Float32Array.of(g), { learningRate: 0.7, momentum: 0.9 });
    if (Math.fround(t - eta * (g + mu * (mu * m + g))) !== theta[0]) differences++;
  }
  assert.ok(differences > 20);
});

Deno.test("the schedule warms up to its peak, falls by a half cosine and stays at its floor", () => {
  const rate = warmupCosine({ peakLearningRate: 1, warmupSteps: 4, totalSteps: 104, finalShare: 0.1 });
  assert.deepEqual([0, 1, 2, 3, 4].map(rate), [0.25, 0.5, 0.75, 1, 1]);
  assert.ok(Math.abs(rate(54) - 0.55) < 1e-12);
  for (const step of [104, 105, 10_000]) assert.ok(Math.abs(rate(step) - 0.1) < 1e-12);
  const held = warmupCosine({ peakLearningRate: 2, warmupSteps: 0, totalSteps: Infinity, finalShare: 0 });
  assert.equal(held(1_000_000), 2);
});
