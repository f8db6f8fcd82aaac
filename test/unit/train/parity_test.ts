/** The training that PyTorch recorded (bench/parity), step by step, at a size that a test can bear. */
import { strict as assert } from "node:assert";
import { compareCurves, type RecordedCurve } from "../../../bench/parity/compare.ts";
import llama from "../../../bench/parity/recorded/llama_pytorch.json" with { type: "json" };
import pico from "../../../bench/parity/recorded/pico_pytorch.json" with { type: "json" };
import { planBytes, trainOurs } from "../../../bench/parity/training.ts";
import { loadDefaultCorpus } from "../../../src/data/corpus.ts";
import { TrainEngine } from "../../../src/train/engine.ts";
import { featuresOf, kernelTest } from "../../kernels/kernel_harness.ts";

const PICO = pico as unknown as RecordedCurve;
const LLAMA = llama as unknown as RecordedCurve;

/**
 * Nats. Ours stays within 1e-6 in f32 and 2e-4 in f16. Errors of the optimiser move the losses of twenty steps by more than f32's: ε ten times
 * too large by 9e-4, a maximal norm 1 % too large by 8e-4, a weight decay 10 % too large by 1e-4, β1 off by 1e-4 by 2e-4.
 * f16 rounds every activation to 5e-4 of itself; over a batch most of that cancels.
 */
const TOLERANCES = { f32: 1e-5, f16: 1e-3 } as const;

for (const theirs of [PICO, LLAMA]) {
  for (const precision of ["f32", "f16"] as const) {
    const { plan } = theirs;
    const name = `twenty steps of ${plan.name} in ${precision} follow PyTorch's in f64, step by step`;
    kernelTest(name, async (gpu) => {
      const engine = await TrainEngine.create(gpu, plan.model, { ...plan, precision });
      assert.equal(engine.precision, precision);
      const ours = await trainOurs(engine, plan, planBytes(plan, await loadDefaultCorpus()), plan.steps);
      const { steps, largestTrainGap, largestValidationGap } = compareCurves(ours, theirs);
      assert.equal(steps, 20);
      assert.ok(largestTrainGap < TOLERANCES[precision], `${largestTrainGap}`);
      assert.ok(largestValidationGap < TOLERANCES[precision], `${largestValidationGap}`);
      engine.destroy();
    }, featuresOf(precision));
  }
}

Deno.test("curves from other parameters or other pages are not compared", () => {
  const other = { ...PICO, digests: { ...PICO.digests, batches: "00" } };
  assert.throws(() => compareCurves(other, PICO), /digest of batches 00/);
});

Deno.test("a loss that is not a number is no agreement", () => {
  const broken = { ...PICO, trainLosses: [NaN, ...PICO.trainLosses.slice(1)] };
  assert.ok(!(compareCurves(broken, PICO).largestTrainGap < 1e-3));
});
