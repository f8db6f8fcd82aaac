/** The training that PyTorch recorded (bench/parity), step by step, at a size that a test can bear. */
import { strict as assert } from "node:assert";
import { compareCurves, type RecordedCurve } from "../../../bench/parity/compare.ts";
import pytorch from "../../../bench/parity/recorded/pico_pytorch.json" with { type: "json" };
import { planBytes, trainOurs } from "../../../bench/parity/training.ts";
import { loadDefaultCorpus } from "../../../src/data/corpus.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

/**
 * Nats. Ours in f32 stays within 6e-6. Errors of the optimiser move the losses by more: ε ten times too large by 9e-4,
 * a maximal norm 1 % too large by 8e-4, a weight decay 10 % too large by 1e-4, β1 off by 1e-4 by 2e-4.
 */
const TOLERANCE = 5e-5;

const theirs = pytorch as unknown as RecordedCurve;

Deno.test("twenty steps of pico follow PyTorch's in f64, step by step", async () => {
  const { plan } = theirs;
  const gpu = await openDevice();
  try {
    const engine = await TrainEngine.create(gpu, plan.model, plan);
    const bytes = planBytes(plan, await loadDefaultCorpus());
    const ours = await trainOurs(engine, plan, bytes, plan.steps);
    const { steps, largestTrainGap, largestValidationGap } = compareCurves(ours, theirs);
    assert.equal(steps, 20);
    assert.ok(largestTrainGap < TOLERANCE, `${largestTrainGap}`);
    assert.ok(largestValidationGap < TOLERANCE, `${largestValidationGap}`);
    engine.destroy();
  } finally {
    gpu.close();
  }
});

Deno.test("curves from other parameters or other pages are not compared", () => {
  const other = { ...theirs, digests: { ...theirs.digests, batches: "00" } };
  assert.throws(() => compareCurves(other, theirs), /digest of batches 00/);
});

Deno.test("a loss that is not a number is no agreement", () => {
  const broken = { ...theirs, trainLosses: [NaN, ...theirs.trainLosses.slice(1)] };
  assert.ok(!(compareCurves(broken, theirs).largestTrainGap < 1e-3));
});
