import { Random } from "../../../src/base/random.ts";
import type { ModelState } from "../../../src/state/model_state.ts";

export const RUN_ID = "5e".repeat(32);

/** A state of random values; momentum begins in the middle of a leaf unless elementCount is a multiple of 262144. */
export function makeState(outerStep: number, elementCount: number, seed = outerStep): ModelState {
  const random = new Random(seed);
  const fill = () => Float32Array.from({ length: elementCount }, () => random.nextFloat() - 0.5);
  return { runId: RUN_ID, outerStep, parameters: fill(), momentum: fill(), certificate: { step: outerStep } };
}
