import assert from "node:assert/strict";
import { outerStep } from "../../../src/train/outer_step.ts";
import { pseudoGradient } from "../../../src/train/pseudo_gradient.ts";

Deno.test("with rate 1 and no momentum the outer step lands on the local parameters", () => {
  const anchor = Float32Array.of(1, 2, 3);
  const local = Float32Array.of(1.5, 2, -1);
  const state = { outerStep: 4, parameters: anchor, momentum: new Float32Array(3) };
  const next = outerStep(state, pseudoGradient(anchor, local), { learningRate: 1, momentum: 0 });
  assert.deepEqual(next.parameters, local);
  assert.equal(next.outerStep, 5);
});

Deno.test("the outer step leaves the old state as it was", () => {
  const state = { outerStep: 0, parameters: Float32Array.of(1), momentum: Float32Array.of(2) };
  const next = outerStep(state, Float32Array.of(1), { learningRate: 0.7, momentum: 0.9 });
  assert.deepEqual([state.parameters[0], state.momentum[0]], [1, 2]);
  assert.ok(next.parameters[0] !== 1 && next.momentum[0] !== 2);
});
