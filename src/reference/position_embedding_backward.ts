import type { Values } from "./values.ts";

/** Twin of kernels/position_embedding_backward.wgsl. dx [rows, width] → dwpe [context, width]. */
export function positionEmbeddingBackward(
  dx: Values,
  { context, width }: { context: number; width: number },
): Float64Array {
  const dwpe = new Float64Array(context * width);
  for (let i = 0; i < dx.length; i++) dwpe[i % (context * width)] += dx[i];
  return dwpe;
}
