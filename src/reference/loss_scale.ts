export interface LossScaleRule {
  readonly growthSteps: number;
  readonly minScale: number;
  readonly maxScale: number;
}

/** Twin of kernels/loss_scale.wgsl: [scale, good steps] after a step of norm `gradNorm`. */
export function nextLossScale(
  [scale, goodSteps]: readonly [number, number],
  gradNorm: number,
  { growthSteps, minScale, maxScale }: LossScaleRule,
): [number, number] {
  if (!Number.isFinite(gradNorm)) return [Math.max(scale / 2, minScale), 0];
  if (goodSteps + 1 >= growthSteps) return [Math.min(scale * 2, maxScale), 0];
  return [scale, goodSteps + 1];
}
