import type { Values } from "./values.ts";

/** Twin of kernels/step_statistics.wgsl → [mean loss, ‖gradient‖₂]. */
export function stepStatistics(losses: Values, partials: Values): Float64Array {
  const loss = (losses as Float64Array).reduce((sum, x) => sum + x, 0) / losses.length;
  const squares = (partials as Float64Array).reduce((sum, x) => sum + x, 0);
  return Float64Array.of(loss, Math.sqrt(squares));
}
