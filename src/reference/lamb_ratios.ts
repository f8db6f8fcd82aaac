import type { Values } from "./values.ts";

/** Twin of kernels/lamb_ratios.wgsl. norms [blocks, 2], spans [tensors, 3] → ratios [tensors]. */
export function lambRatios(norms: Values, spans: Uint32Array, maxRatio: number): Float64Array {
  const ratios = new Float64Array(spans.length / 3);
  for (let tensor = 0; tensor < ratios.length; tensor++) {
    const [first, end, applies] = spans.subarray(3 * tensor, 3 * tensor + 3);
    let [parameters, steps] = [0, 0];
    for (let block = first; block < end; block++) {
      parameters += norms[2 * block];
      steps += norms[2 * block + 1];
    }
    const isFree = applies === 1 && parameters > 0 && steps > 0;
    ratios[tensor] = isFree ? Math.min(Math.sqrt(parameters / steps), maxRatio) : 1;
  }
  return ratios;
}
