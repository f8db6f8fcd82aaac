/**
 * The kernels that can compute a matrix product, and which of them suit a given product on a given adapter. All of them
 * take the same bindings and the same description of the product, so that choosing one is choosing a line of this table.
 */
import { assert } from "../base/assert.ts";
import {
  type AdapterFacts,
  type Binding,
  type DispatchPlan,
  type Grid,
  type KernelName,
  MAX_SOFTWARE_TURNS,
  type Precision,
} from "../gpu/mod.ts";

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
  /** How y is stored. */
  readonly output: Precision;
}

export interface MatmulVariant {
  readonly name: string;
  readonly kernel: KernelName;
  /** What makes the kernel this variant, besides what the product says. */
  readonly constants: Readonly<Record<string, number>>;
  /** Rows and columns of y that one workgroup computes. */
  tile(workgroupSize: number): readonly [number, number];
  suits(product: Product, facts: AdapterFacts): boolean;
}

export const MATMUL_VARIANTS: readonly MatmulVariant[] = [
  broadcast("fours"),
  tiled(16, "fours"),
  tiled(8, "fours"),
  broadcast("ones"),
  tiled(16, "ones"),
  tiled(8, "ones"),
  {
    name: "direct",
    kernel: "matmul_direct",
    constants: {},
    tile: (workgroupSize) => [8, 4 * workgroupSize],
    suits: ({ inner }, facts) => bearsLoop(inner, facts),
  },
];

/** How a and b are read: four elements at a time where that is possible, else one by one. */
type Reading = "fours" | "ones";

function broadcast(reading: Reading): MatmulVariant {
  return {
    name: reading === "fours" ? "broadcast" : "broadcast-odd",
    kernel: reading === "fours" ? "matmul_broadcast" : "matmul_broadcast_odd",
    constants: {},
    tile: (workgroupSize) => [32, 4 * workgroupSize],
    suits: (product, { subgroupSizes: [smallest], ...facts }) =>
      facts.features.includes("subgroups") && smallest >= 8 && smallest % 8 === 0 &&
      isReadIn(reading, product) &&
      bearsLoop(product.inner / 4, facts),
  };
}

/** @param side of the square of invocations, each with 8 × 8 of the tile */
function tiled(side: 8 | 16, reading: Reading): MatmulVariant {
  return {
    name: reading === "fours" ? `tiled-${8 * side}` : `tiled-${8 * side}-odd`,
    kernel: reading === "fours" ? "matmul_tiled" : "matmul_tiled_odd",
    constants: { SIDE: side, WORKGROUP: side * side },
    tile: () => [8 * side, 8 * side],
    suits: (product, facts) => isReadIn(reading, product) && bearsLoop(product.inner / 16 * 17, facts),
  };
}

function bearsLoop(turns: number, { backendKind }: Pick<AdapterFacts, "backendKind">): boolean {
  return backendKind !== "software" || turns < MAX_SOFTWARE_TURNS;
}

function isReadIn(reading: Reading, product: Product): boolean {
  return (reading === "fours") === isInFours(product);
}

/** Fewer workgroups than this leave most of a large GPU idle: then smaller tiles are the faster ones. */
const ENOUGH_WORKGROUPS = 64;

/** The variant that is taken without measuring. */
export function defaultVariant(product: Product, facts: AdapterFacts): MatmulVariant {
  const largeTiles = Math.ceil(product.rows / 128) * Math.ceil(product.columns / 128);
  const tiles = largeTiles >= ENOUGH_WORKGROUPS ? "tiled-128" : "tiled-64";
  const fast = facts.backendKind === "software" ? "broadcast" : tiles;
  const suitable = MATMUL_VARIANTS.filter((variant) => variant.suits(product, facts));
  const variant = suitable.find(({ name }) => [fast, `${fast}-odd`, "direct"].includes(name));
  assert(
    variant !== undefined,
    `multiply ${product.rows}×${product.columns}×${product.inner} on ${facts.adapterName}: a software adapter ` +
      `cannot sum so many products, cut the inner dimension`,
  );
  return variant;
}

/** Whether both operands can be read four elements at a time. */
export function isInFours({ strides, offsets, isPadded }: Product): boolean {
  return isPadded && [strides.a, strides.b, offsets.a, offsets.b].every((count) => count % 4 === 0);
}

/** Products of one class share a measured choice: the form, the storage, and each size up to the next power of two. */
export function productClass(product: Product): string {
  const { form, precision, output, rows, columns, inner } = product;
  const sizes = [rows, columns, inner].map((size) => 2 ** Math.ceil(Math.log2(size)));
  return `${form} ${precision} to ${output} ${sizes.join("×")}${isInFours(product) ? "" : " odd"}`;
}

export interface ProductBindings {
  readonly a: Binding;
  readonly b: Binding;
  readonly y: Binding;
  readonly bias?: Binding;
}

/** Appends the product to a plan of its precision. */
export function addVariant(
  plan: DispatchPlan,
  variant: MatmulVariant,
  product: Product,
  { a, b, y, bias }: ProductBindings,
): void {
  const { rows, columns, inner } = product;
  // Every declared binding must be bound; without a bias, b stands in and is not read through it.
  plan.add(
    variant.kernel,
    variantConstants(variant, product),
    [plan.uniform(productBlock(product)), a, b, y, bias ?? b],
    variantGrid(variant, product, plan.workgroupSize),
    { flops: 2 * rows * columns * inner, shape: `${product.form} ${rows}×${columns}×${inner}` },
    product.output,
  );
}

/** The kernels' `Product`, kernels/shared/matmul.wgsl. */
export function productBlock({ rows, columns, inner, offsets, strides }: Product): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(
    ...[rows, columns, inner],
    ...[offsets.a, offsets.b, offsets.y],
    ...[strides.a, strides.b, strides.y],
  );
}

export function variantConstants(
  { constants }: MatmulVariant,
  { form, hasBias, accumulate }: Product,
): Record<string, number> {
  return {
    ...constants,
    A_TRANSPOSED: form === "tn" ? 1 : 0,
    B_TRANSPOSED: form === "nt" ? 1 : 0,
    HAS_BIAS: hasBias ? 1 : 0,
    ACCUMULATE: accumulate ? 1 : 0,
  };
}

export function variantGrid(variant: MatmulVariant, shape: MatmulShape, workgroupSize: number): Grid {
  const [rows, columns] = variant.tile(workgroupSize);
  return [Math.ceil(shape.columns / columns), Math.ceil(shape.rows / rows)];
}
