/**
 * The kernels that can compute a matrix product, and which of them suit a given product on a given adapter. All of them
 * take the same bindings and the same description of the product, so that choosing one is choosing a line of this table.
 */
import type { AdapterFacts, Grid, KernelName, Precision } from "../gpu/mod.ts";

export interface MatmulShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** Which operands are read transposed: a·b, a·bᵀ, aᵀ·b. */
export type MatmulForm = "nn" | "nt" | "tn";

export interface OfOperands {
  readonly a: number;
  readonly b: number;
  readonly y: number;
}

/** Everything about a product except where its operands are. */
export interface Product extends MatmulShape {
  readonly form: MatmulForm;
  readonly hasBias: boolean;
  readonly accumulate: boolean;
  /** Elements from one stored row to the next. */
  readonly strides: OfOperands;
  /** The first element within each binding. */
  readonly offsets: OfOperands;
  /** Whether a's and b's bindings hold whole groups of four elements. */
  readonly isPadded: boolean;
  readonly precision: Precision;
}

export interface MatmulVariant {
  readonly name: string;
  readonly kernel: KernelName;
  /** Rows and columns of y that one invocation computes. */
  readonly perInvocation: readonly [number, number];
  suits(product: Product, facts: AdapterFacts): boolean;
}

export const MATMUL_VARIANTS: readonly MatmulVariant[] = [
  {
    name: "broadcast",
    kernel: "matmul_broadcast",
    perInvocation: [32, 4],
    suits: (product, { features, subgroupSizes: [smallest] }) =>
      features.includes("subgroups") && smallest >= 8 && smallest % 8 === 0 && isInFours(product),
  },
  { name: "direct", kernel: "matmul_direct", perInvocation: [8, 4], suits: () => true },
];

/** The variant that is taken without measuring. */
export function defaultVariant(product: Product, facts: AdapterFacts): MatmulVariant {
  const suitable = MATMUL_VARIANTS.filter((variant) => variant.suits(product, facts));
  const preferred = facts.backendKind === "software" ? ["broadcast", "direct"] : ["direct"];
  return suitable.find(({ name }) => preferred.includes(name))!;
}

/** Whether both operands can be read four elements at a time. */
function isInFours({ strides, offsets, isPadded }: Product): boolean {
  return isPadded && [strides.a, strides.b, offsets.a, offsets.b].every((count) => count % 4 === 0);
}

/** The kernels' `Product`, kernels/shared/matmul.wgsl. */
export function productBlock({ rows, columns, inner, offsets, strides }: Product): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(
    rows,
    columns,
    inner,
    offsets.a,
    offsets.b,
    offsets.y,
    strides.a,
    strides.b,
    strides.y,
  );
}

export function variantConstants({ form, hasBias, accumulate }: Product): Record<string, number> {
  return {
    A_TRANSPOSED: form === "tn" ? 1 : 0,
    B_TRANSPOSED: form === "nt" ? 1 : 0,
    HAS_BIAS: hasBias ? 1 : 0,
    ACCUMULATE: accumulate ? 1 : 0,
  };
}

export function variantGrid(
  { perInvocation: [rows, columns] }: MatmulVariant,
  shape: MatmulShape,
  workgroupSize: number,
): Grid {
  return [Math.ceil(shape.columns / columns / workgroupSize), Math.ceil(shape.rows / rows)];
}
