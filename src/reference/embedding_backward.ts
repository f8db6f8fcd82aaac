import type { Values } from "./values.ts";

/** Twin of kernels/embedding_backward.wgsl, from the tokens themselves: adds to `dwte` [V, width] in place. */
export function embeddingBackward(tokens: Uint32Array, dx: Values, dwte: Values, width: number): void {
  for (let row = 0; row < tokens.length; row++) {
    for (let c = 0; c < width; c++) dwte[tokens[row] * width + c] += dx[row * width + c];
  }
}
