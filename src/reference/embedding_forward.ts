import type { Values } from "./values.ts";

/** Twin of kernels/embedding_forward.wgsl. tokens [rows], wte [V, width], wpe [context, width] → x [rows, width]. */
export function embeddingForward(
  tokens: Uint32Array,
  wte: Values,
  wpe: Values,
  { context, width }: { context: number; width: number },
): Float64Array {
  const x = new Float64Array(tokens.length * width);
  for (let row = 0; row < tokens.length; row++) {
    for (let c = 0; c < width; c++) {
      x[row * width + c] = wte[tokens[row] * width + c] + wpe[(row % context) * width + c];
    }
  }
  return x;
}
