/** What the comparison asks of each engine: hold two matrices, multiply them a number of times, hand back the product. */
import type { MatmulForm, MatmulShape } from "../../src/model/matmul.ts";

export type PeerName = "ours" | "jaxjs" | "tfjs";

export interface MatmulCase extends MatmulShape {
  readonly form: MatmulForm;
}

/** One product on one engine, its operands already on the device. */
export interface PreparedMatmul {
  /** Computes the product `count` times and returns when the device has finished. */
  run(count: number): Promise<void>;
  /** Computes the product once: [rows, columns]. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

export interface MatmulPeer {
  readonly name: PeerName;
  /** @param a, b as they are stored: [inner, rows] for a in tn, [columns, inner] for b in nt */
  prepare(
    of: MatmulCase,
    a: Float32Array<ArrayBuffer>,
    b: Float32Array<ArrayBuffer>,
  ): Promise<PreparedMatmul>;
}

/** Shapes of a and b as they are stored. */
export function storedShapes(
  { form, rows, columns, inner }: MatmulCase,
): { a: [number, number]; b: [number, number] } {
  return {
    a: form === "tn" ? [inner, rows] : [rows, inner],
    b: form === "nt" ? [columns, inner] : [inner, columns],
  };
}
