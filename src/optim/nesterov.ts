/**
 * SGD with Nesterov momentum, as PyTorch has it (dampening 0): the outer optimiser of DiLoCo (Douillard et al. 2023).
 *
 *   m ← μ·m + g          θ ← θ − η·(g + μ·m)
 *
 * Plain IEEE f32 with a rounding after each operation: Math.fround of an f64 product or sum of two f32 values is the
 * f32 product or sum exactly (Figueroa 1995), and JavaScript never fuses. The same bits in, the same bits out, on every
 * machine; that is what lets members compare Merkle roots.
 */
import { assert } from "../base/assert.ts";

export interface NesterovOptions {
  readonly learningRate: number;
  /** In [0, 1); 0 is plain SGD. */
  readonly momentum: number;
}

/**
 * Updates in place.
 * @param parameters θ [n]
 * @param momentum m [n], zero at the start of a run
 * @param gradient g [n], the reduced pseudo-gradient (anchor minus local)
 */
export function nesterovStep(
  parameters: Float32Array,
  momentum: Float32Array,
  gradient: Float32Array,
  options: NesterovOptions,
): void {
  assert(parameters.length === momentum.length, "nesterov: momentum as long as parameters");
  assert(parameters.length === gradient.length, "nesterov: gradient as long as parameters");
  assert(
    options.learningRate > 0 && options.momentum >= 0 && options.momentum < 1,
    "nesterov: rates in range",
  );
  const eta = Math.fround(options.learningRate);
  const mu = Math.fround(options.momentum);
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i];
    const m = Math.fround(Math.fround(mu * momentum[i]) + g);
    momentum[i] = m;
    const update = Math.fround(g + Math.fround(mu * m));
    parameters[i] = Math.fround(parameters[i] - Math.fround(eta * update));
  }
}
