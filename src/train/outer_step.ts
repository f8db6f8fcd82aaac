/**
 * The outer step that every member makes on its own, from the same committed bytes to the same bits: the state goes
 * from outer step s to s + 1. The old arrays are left as they were, so that they can still be served to peers.
 */
import { assert } from "../base/assert.ts";
import { nesterovStep } from "../optim/nesterov.ts";
import type { NesterovOptions } from "../optim/nesterov.ts";

export interface OuterState {
  /** Outer steps made so far; 0 at initialisation. */
  readonly outerStep: number;
  /** θ [n] */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Outer momentum [n] */
  readonly momentum: Float32Array<ArrayBuffer>;
}

/** @param reduced the decoded, committed pseudo-gradient [n] */
export function outerStep(state: OuterState, reduced: Float32Array, options: NesterovOptions): OuterState {
  assert(reduced.length === state.parameters.length, "outer step: pseudo-gradient as long as parameters");
  const parameters = state.parameters.slice();
  const momentum = state.momentum.slice();
  nesterovStep(parameters, momentum, reduced, options);
  return { outerStep: state.outerStep + 1, parameters, momentum };
}
