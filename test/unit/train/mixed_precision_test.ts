import { strict as assert } from "node:assert";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { relativeDistance } from "../../../src/base/relative_distance.ts";
import type { Gpu } from "../../../src/gpu/mod.ts";
import {
  gpt2Config,
  initialParameters,
  llamaConfig,
  type ModelConfig,
  parameterLayout,
} from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { type OutcomeState, stepOutcome } from "../../../src/reference/step_outcome.ts";
import type { StepResult, TrainEngineOptions } from "../../../src/train/engine.ts";
import { defaultLossScale } from "../../../src/train/loss_scale.ts";
import { BATCH, livelyParameters, randomTokens, withEngine, withGpu } from "./engine_harness.ts";

/** Nothing is a multiple of a tile or a vector, and tensors end in half a word. */
const SMALL: readonly ModelConfig[] = [
  gpt2Config({ vocabSize: 37, contextLength: 11, layerCount: 2, headCount: 3, width: 27 }),
  llamaConfig({
    vocabSize: 37,
    contextLength: 11,
    layerCount: 2,
    headCount: 6,
    keyValueHeadCount: 2,
    width: 36,
    innerWidth: 25,
  }),
];

Deno.test("in f16 loss and every tensor's gradient are within 2e-2 of f32's", () =>
  withGpu(async (gpu) => {
    for (const config of SMALL) {
      const parameters = livelyParameters(config);
      const tokens = randomTokens(4, config);
      const [exact, halves] = await Promise.all((["f32", "f16"] as const).map((precision) =>
        withEngine(gpu, { config, precision }, async (engine) => {
          assert.equal(engine.precision, precision);
          engine.loadParameters(parameters);
          return await engine.evaluateGradients(tokens);
        })
      ));
      assert.ok(Math.abs(halves.loss / exact.loss - 1) < 2e-3, `${halves.loss}, ${exact.loss}`);
      for (const { name, offset, elementCount } of parameterLayout(config).entries) {
        const [actual, expected] = [halves, exact].map((of) =>
          of.gradients.subarray(offset, offset + elementCount)
        );
        const error = relativeDistance(actual, expected);
        assert.ok(error < 2e-2, `${config.family} ${name}: ${error}`);
        assert.ok(error > 0, `${name} was computed in f32`);
      }
    }
  }));

Deno.test("with every product in the arithmetic of halves, too, they are within 2e-2 of f32's", () =>
  withGpu(async (gpu) => {
    for (const config of SMALL) {
      const tokens = randomTokens(4, config);
      const gradientsIn = (precision: "f32" | "f16") =>
        withEngine(gpu, { config, precision }, (engine) => {
          engine.loadParameters(livelyParameters(config));
          return engine.evaluateGradients(tokens);
        });
      const exact = await gradientsIn("f32");
      const widened = await gradientsIn("f16");
      for (const [key] of gpu.tuning.open.filter(([key]) => / f16 /.test(key))) {
        gpu.tuning.choose(key, key.endsWith(" odd") ? "half-64-odd" : "half-64");
      }
      const halves = await gradientsIn("f16");
      assert.ok(Math.abs(halves.loss / exact.loss - 1) < 2e-3, `${halves.loss}, ${exact.loss}`);
      assert.ok(relativeDistance(halves.gradients, exact.gradients) < 2e-2);
      assert.ok(relativeDistance(halves.gradients, widened.gradients) > 1e-4, "the choice had no effect");
    }
  }));

Deno.test("in f16, too, layers may be computed again and a step may take micro-batches", () =>
  withGpu(async (gpu) => {
    for (const config of SMALL) {
      const gradientsOf = (options: Partial<TrainEngineOptions>) =>
        withEngine(gpu, { config, precision: "f16", ...options }, (engine) => {
          engine.loadParameters(livelyParameters(config));
          return engine.evaluateGradients(randomTokens(4, config));
        });
      const whole = await gradientsOf({});
      const parts = await gradientsOf({ recompute: "layers", microBatches: BATCH });
      assert.ok(Math.abs(parts.loss - whole.loss) < 1e-5);
      // The same halves are summed, a window at a time.
      assert.ok(relativeDistance(parts.gradients, whole.gradients) < 1e-5, config.family);
    }
  }));

/**
 * Low enough that the way does not hang on rounding: over four batches f16 is at most 0.24 of the bound away. At twice this
 * rate it is up to 1.11, as far as f32 from parameters changed by a thousandth.
 */
const RATE = 5e-3;

Deno.test("training in f16 learns as f32 does", () =>
  withGpu(async (gpu) => {
    for (const config of SMALL) {
      const tokens = randomTokens(9, config);
      const [exact, halves] = await Promise.all((["f32", "f16"] as const).map((precision) =>
        withEngine(gpu, { config, precision }, async (engine) => {
          engine.loadParameters(initialParameters(config, 1));
          const losses: number[] = [];
          for (let step = 0; step < 60; step++) losses.push((await engine.trainStep(tokens, RATE)).loss);
          return [...losses, await engine.evaluate(tokens)];
        })
      ));
      assert.ok(exact[60] < 0.3 * exact[0], `f32 ends at ${exact[60]}`);
      halves.forEach((loss, step) =>
        assert.ok(
          Math.abs(loss - exact[step]) < 0.02 + 0.05 * exact[step],
          `step ${step}: ${loss}, ${exact[step]}`,
        )
      );
    }
  }));

Deno.test("the scale starts at a power of two that keeps dlogits and their smallest parts normal halves", () => {
  assert.equal(defaultLossScale(512, 256).initial, 1024);
  const { initial } = defaultLossScale(4096, 50257);
  assert.equal(initial, 65536);
  assert.ok(initial / 4096 / 50257 > 2 ** -14);
});

Deno.test("a step whose gradients overflow is skipped and the scale halved until one fits", () =>
  withGpu((gpu) => {
    const lossScale = { ...defaultLossScale(BATCH * 11, 37), initial: 2 ** 24, growthSteps: 4 };
    return withEngine(gpu, { config: SMALL[0], precision: "f16", lossScale }, async (engine) => {
      const run = async () => {
        engine.loadParameters(livelyParameters(SMALL[0]));
        let before = await engine.readParameters();
        const steps: StepResult[] = [];
        for (let step = 0; step < 16; step++) {
          const result = await engine.trainStep(randomTokens(step, SMALL[0]), 1e-3);
          const after = await engine.readParameters();
          const isSkipped = !Number.isFinite(result.gradNorm);
          assert.equal(after.every((value, i) => value === before[i]), isSkipped, `step ${step}`);
          steps.push(result);
          before = after;
        }
        return { steps, before };
      };
      const first = await run();
      let state: OutcomeState = { steps: 0, lossScale: lossScale.initial, goodSteps: 0 };
      for (const { gradNorm, lossScale: used } of first.steps) {
        assert.equal(used, state.lossScale);
        state = stepOutcome(state, gradNorm, { ...DEFAULT_ADAMW, ...lossScale });
      }
      const skipped = first.steps.filter(({ gradNorm }) => !Number.isFinite(gradNorm));
      assert.ok(skipped.length > 1 && skipped.length < 12, `${skipped.length} steps skipped`);
      assert.ok(skipped.every(({ loss }) => Number.isFinite(loss)), "the loss itself did not overflow");
      assert.deepEqual(await run(), first, "a replay takes the same steps");
    });
  }));

Deno.test("the first step that counts is the same, whether others were skipped before it or not", () =>
  withGpu(async (gpu) => {
    const [config] = SMALL;
    const tokens = randomTokens(4, config);
    const changeFrom = (initial: number) =>
      withEngine(gpu, { config, precision: "f16", lossScale: { initial } }, async (engine) => {
        const start = livelyParameters(config);
        engine.loadParameters(start);
        let skipped = 0;
        while (!Number.isFinite((await engine.trainStep(tokens, 1e-3)).gradNorm)) skipped++;
        const after = await engine.readParameters();
        return { skipped, change: after.map((value, i) => value - start[i]) };
      });
    const [direct, late] = [await changeFrom(2 ** 10), await changeFrom(2 ** 24)];
    assert.equal(direct.skipped, 0);
    assert.ok(late.skipped > 0);
    // A first step of Adam has the learning rate's length wherever the gradient is more than noise.
    assert.ok(relativeDistance(late.change, direct.change) < 0.05);
  }));

Deno.test("gradients are had whatever the scale was", () =>
  withGpu(async (gpu) => {
    const [config] = SMALL;
    const gradientsAt = (initial: number) =>
      withEngine(
        gpu,
        { config, precision: "f16", lossScale: { initial } },
        (engine) => {
          engine.loadParameters(livelyParameters(config));
          return engine.evaluateGradients(randomTokens(4, config));
        },
      );
    const [fitting, overflowing] = [await gradientsAt(2 ** 10), await gradientsAt(2 ** 24)];
    assert.ok(overflowing.gradients.every(Number.isFinite));
    assert.ok(relativeDistance(overflowing.gradients, fitting.gradients) < 1e-2);
  }));

Deno.test("an engine on an adapter that computes f16 wrongly trains in f32 and says so", () =>
  withGpu(async (gpu) => {
    const zeros: Gpu = new Proxy(gpu, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (key === "readF32") {
          return async (source: Parameters<Gpu["readF32"]>[0]) => new Float32Array(source.elements);
        }
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const events: LogEvent[] = [];
    const log = eventLog((event) => events.push(event));
    await withEngine(zeros, { config: SMALL[0], precision: "f16", log }, async (engine) => {
      assert.equal(engine.precision, "f32");
      assert.equal(events.length, 1);
      assert.match(String(events[0].message), /train in f16 .*training in f32/);
    });
  }));
