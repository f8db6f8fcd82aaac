import type { Values } from "./values.ts";

/** Twin of kernels/step_statistics.wgsl → [mean loss, ‖gradient‖₂, loss scale]. @param scaling [2] */
export function stepStatistics(losses: Values, partials: Values, scaling: Values): Float64Array {
  const loss = (losses as Float64Array).reduce((sum, x) => sum + x, 0) * scaling[0];
  const squares = (partials as Float64Array).reduce((sum, x) => sum + x, 0);
  return Float64Array.of(loss, Math.sqrt(squares) / scaling[1], scaling[1]);
}
