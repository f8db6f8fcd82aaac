import type { Values } from "./values.ts";

/** Twin of kernels/cross_entropy.wgsl: logits [rows, V], targets [rows] → losses [rows], dlogits [rows, V] times lossScale. */
export function crossEntropy(
  logits: Values,
  targets: Uint32Array,
  vocabulary: number,
  lossScale = 1,
): { losses: Float64Array; dlogits: Float64Array } {
  const rows = targets.length;
  const losses = new Float64Array(rows);
  const dlogits = new Float64Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    let largest = -Infinity;
    for (const logit of own) largest = Math.max(largest, logit);
    let sum = 0;
    for (const logit of own) sum += Math.exp(logit - largest);
    losses[row] = Math.log(sum) + largest - own[targets[row]];
    for (let v = 0; v < vocabulary; v++) {
      const probability = Math.exp(own[v] - largest) / sum;
      dlogits[row * vocabulary + v] = lossScale * (probability - (v === targets[row] ? 1 : 0)) / rows;
    }
  }
  return { losses, dlogits };
}
