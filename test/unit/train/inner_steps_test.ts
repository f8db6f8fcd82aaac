import { strict as assert } from "node:assert";
import { type InnerEngine, InnerRun } from "../../../src/train/inner_steps.ts";

/** Steps add their learning rate to the one parameter; each resolves when it is told to. */
class HeldEngine implements InnerEngine {
  #value = 0;
  readonly held: {
    resolve: (result: { loss: number; gradNorm: number }) => void;
    reject: (e: Error) => void;
  }[] = [];

  loadParameters(parameters: Float32Array): void {
    this.#value = parameters[0];
  }

  readParameters(): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(this.#value));
  }

  trainStep(_tokens: Uint32Array, learningRate: number): Promise<{ loss: number; gradNorm: number }> {
    this.#value += learningRate;
    return new Promise((resolve, reject) => this.held.push({ resolve, reject }));
  }
}

function runOf(engine: InnerEngine, waypointSteps: number): InnerRun {
  return new InnerRun(engine, {
    anchor: Float32Array.of(1),
    batch: () => new Uint32Array(0),
    learningRate: (step) => step + 1,
    waypointSteps,
  });
}

Deno.test("a step is queued before the last is known, and tells the last one's loss", async () => {
  const engine = new HeldEngine();
  const run = runOf(engine, 9);
  const first = run.step();
  engine.held[0].resolve({ loss: 5, gradNorm: 1 });
  assert.equal(await first, 5);
  assert.equal(await run.step(), 5);
  const third = run.step();
  assert.equal(engine.held.length, 3);
  engine.held[1].resolve({ loss: 4, gradNorm: 1 });
  assert.equal(await third, 4);
  assert.equal(run.stepCount, 3);
});

Deno.test("waypoint and pseudo-gradient wait for every step that was queued", async () => {
  const engine = new HeldEngine();
  const run = runOf(engine, 1);
  const first = run.step();
  engine.held[0].resolve({ loss: 5, gradNorm: 1 });
  await first;
  assert.deepEqual(run.waypoint, Float32Array.of(-1));
  await run.step();
  const gradient = run.pseudoGradient();
  let isKnown = false;
  gradient.then(() => isKnown = true);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assert.ok(!isKnown);
  engine.held[1].resolve({ loss: 4, gradNorm: 1 });
  assert.deepEqual(await gradient, Float32Array.of(-3));
});

Deno.test("a step that fails is heard of by whoever waits next", async () => {
  const engine = new HeldEngine();
  const run = runOf(engine, 9);
  const first = run.step();
  engine.held[0].resolve({ loss: 5, gradNorm: 1 });
  await first;
  await run.step();
  engine.held[1].reject(new Error("lost"));
  await assert.rejects(run.pseudoGradient(), /lost/);
  await assert.rejects(run.step(), /lost/);
});
